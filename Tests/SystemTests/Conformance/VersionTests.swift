// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension Conformance {
    /// distribution-spec, "Determining Support", and the token flow in front of it.
    @Suite("version check and identity") struct VersionTests {
        let haven: HavenProcess
        let client: RegistryClient
        init() throws {
            haven = try .current
            client = haven.client
        }

        @Test("GET /v2/ answers 200 to who has a token, with the API version")
        func version() async throws {
            let answer = try await client.send("GET", "/v2/")
            #expect(answer.status == 200)
            #expect(answer["docker-distribution-api-version"] == "registry/2.0")
        }

        @Test("GET /v2/ without authorization is 401 with a bearer challenge for this host")
        func challenge() async throws {
            let answer = try await client.send("GET", "/v2/", as: .none)
            #expect(answer.status == 401)
            #expect(answer["docker-distribution-api-version"] == "registry/2.0")
            #expect(answer.errorCode == "UNAUTHORIZED")
            let challenge = try #require(answer["www-authenticate"].flatMap(Challenge.init))
            #expect(challenge.realm == "\(haven.url)/service/token")
            #expect(challenge.service == "harbor-registry")
        }

        @Test("a request to a repository is challenged with exactly the scope that it needs")
        func scopes() async throws {
            for (method, path, right) in [
                ("GET", "manifests/v1", "pull"), ("POST", "blobs/uploads/", "pull,push"),
                ("PUT", "manifests/v1", "pull,push"), ("DELETE", "manifests/v1", "delete"),
            ] {
                let answer = try await client.send(method, "/v2/library/scopes/\(path)", as: .none)
                #expect(answer.status == 401)
                let scope = answer["www-authenticate"].flatMap(Challenge.init)?.scope
                #expect(scope == "repository:library/scopes:\(right)")
            }
        }

        @Test("user and password work on /v2/ without a token")
        func basic() async throws {
            #expect(try await client.send("GET", "/v2/", as: .basic).status == 200)
            let wrong = RegistryClient(haven.url, user: "nobody", password: "wrong")
            #expect(try await wrong.send("GET", "/v2/", as: .basic).status == 401)
        }

        @Test("a public repository is pulled with an anonymous token, and pushed to by nobody")
        func anonymous() async throws {
            let bench = try Bench()
            let image = TestImage.make()
            try await bench.push(image, at: "v1")
            let nobody = RegistryClient(haven.url)
            #expect(try await nobody.send("GET", bench.path("manifests/v1"), as: .none).status == 401)
            #expect(try await nobody.send("GET", bench.path("manifests/v1")).body == image.manifest.bytes)
            #expect(try await nobody.send("GET", bench.path("blobs/\(image.config.digest)")).status == 200)
            #expect([401, 403].contains(try await nobody.send("POST", bench.path("blobs/uploads/")).status))
            #expect([401, 403].contains(try await nobody.send("DELETE", bench.path("manifests/v1")).status))
        }
    }
}
