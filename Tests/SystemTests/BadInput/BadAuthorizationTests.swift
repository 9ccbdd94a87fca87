// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import TestKit
import Testing

extension BadInput {
    @Suite("authorization") struct BadAuthorizationTests {
        let bench: Bench
        init() throws { bench = try Bench() }

        @Test(
            "an Authorization header that is no credential is refused with a challenge",
            arguments: [
                "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer ...", "Basic", "Basic !!!", "Basic YWRtaW4=",
                "Basic \(Data("a:b:c".utf8).base64EncodedString())",
                "Basic \(Data([0xff, 0x3a, 0x00]).base64EncodedString())",
                "Digest username=x", "x", "Bearer \(String(repeating: "a", count: 6_000))",
            ])
        func malformed(_ header: String) async throws {
            try await bench.push(TestImage.make(), at: "v1")
            for path in ["/v2/", bench.path("manifests/v1")] {
                let answer = try await bench.client.send("GET", path, as: .verbatim(header))
                #expect([400, 401, 429].contains(answer.status), "\(answer)")
                if answer.status == 401 { #expect(answer["www-authenticate"] != nil) }
            }
        }

        @Test("a token with alg none, a wrong signature or changed claims is refused")
        func forged() async throws {
            let token = try await pullToken()
            let parts = token.split(separator: ".").map(String.init)
            let none = base64url(#"{"alg":"none","typ":"JWT"}"#)
            let claims = try #require(Data(base64url: parts[1]))
            let more = base64url(String(decoding: claims, as: UTF8.self).replacing(#""pull""#, with: #""pull","push""#))
            for forgery in [
                "\(none).\(parts[1]).", "\(none).\(parts[1]).\(parts[2])", "\(none).\(more).",
                "\(parts[0]).\(more).\(parts[2])", "\(parts[0]).\(parts[1])", "\(parts[0]).\(parts[1]).",
                "\(parts[0]).\(parts[1]).\(parts[2].dropLast(4))AAAA",
            ] {
                expectRefused(try await use(forgery), [401], ["UNAUTHORIZED"])
            }
            #expect(try await use(token).status == 200)
        }

        @Test("a token signed with a key that it brings along is refused", arguments: ["jwk", "kid", "jku", "x5c"])
        func embeddedKey(_ parameter: String) async throws {
            let key = P256.Signing.PrivateKey()
            let point = key.publicKey.rawRepresentation
            let jwk =
                #"{"kty":"EC","crv":"P-256","x":"\#(point.prefix(32).base64url)","y":"\#(point.suffix(32).base64url)"}"#
            let value = ["jwk": jwk, "kid": #""mine""#, "jku": #""http://127.0.0.1:1/k""#, "x5c": #"["AA=="]"#][
                parameter]
            let header = base64url(#"{"alg":"ES256","typ":"JWT","\#(parameter)":\#(try #require(value))}"#)
            let claims = try await pullToken().split(separator: ".").map(String.init)[1]
            let signature = try key.signature(for: Data("\(header).\(claims)".utf8)).rawRepresentation.base64url
            expectRefused(try await use("\(header).\(claims).\(signature)"), [401], ["UNAUTHORIZED"])
        }

        @Test("a token is worth only the scope that it was given for")
        func otherScope() async throws {
            let other = try Bench()
            try await other.push(TestImage.make(), at: "v1")
            let token = try await pullToken()
            let read = try await bench.client.send("GET", other.path("manifests/v1"), as: .verbatim("Bearer \(token)"))
            #expect([401, 403].contains(read.status))
            let write = try await bench.client.send(
                "POST", bench.path("blobs/uploads/"), as: .verbatim("Bearer \(token)"))
            #expect([401, 403].contains(write.status))
            let catalog = try await bench.client.send("GET", "/v2/_catalog", as: .verbatim("Bearer \(token)"))
            #expect([401, 403].contains(catalog.status))
        }

        @Test("a token for another service is refused by the registry")
        func otherService() async throws {
            try await bench.push(TestImage.make(), at: "v1")
            let answer = try await bench.client.send(
                "GET", "/service/token?service=other&scope=repository:\(bench.name):pull", as: .basic)
            guard answer.status == 200, let token = answer.json?["token"] as? String else {
                #expect([400, 401, 403].contains(answer.status))
                return
            }
            expectRefused(try await use(token), [401], ["UNAUTHORIZED"])
        }

        @Test(
            "a malformed scope grants nothing",
            arguments: [
                "repository", "repository:", "repository::pull", "repository:library/x", "repository:../x:pull",
                "repository:LIBRARY/x:pull", "repository:library/x:fly", "repository:library/x:pull:push", ":::", "%00",
                "registry:other:*", "repository:library/%2e%2e/x:pull", String(repeating: "a", count: 5_000),
            ])
        func scope(_ scope: String) async throws {
            let answer = try await bench.client.token(scopes: [scope])
            #expect([200, 400, 414].contains(answer.status), "\(answer)")
            guard answer.status == 200, let token = answer.json?["token"] as? String else { return }
            let claims = try #require(Data(base64url: String(token.split(separator: ".")[1])))
            let access =
                (try JSONSerialization.jsonObject(with: claims) as? [String: Any])?["access"] as? [[String: Any]]
            #expect((access ?? []).allSatisfy { ($0["actions"] as? [String] ?? []).isEmpty }, "\(access ?? [])")
        }

        @Test("an anonymous client is granted no push and no catalog")
        func anonymous() async throws {
            let nobody = RegistryClient(try HavenProcess.current.url)
            for scope in ["repository:\(bench.name):push", "registry:catalog:*"] {
                let answer = try await nobody.token(scopes: [scope], as: .none)
                guard answer.status == 200, let token = answer.json?["token"] as? String else {
                    #expect(answer.status == 401)
                    continue
                }
                let bearer = RegistryClient.Authorization.verbatim("Bearer \(token)")
                #expect(try await nobody.send("GET", "/v2/_catalog", as: bearer).status >= 401)
                #expect(try await nobody.send("POST", bench.path("blobs/uploads/"), as: bearer).status >= 401)
            }
        }

        private func pullToken() async throws -> String {
            try await bench.push(TestImage.make(), at: "v1")
            let answer = try await bench.client.token(scopes: ["repository:\(bench.name):pull"])
            return try #require(answer.json?["token"] as? String)
        }

        private func use(_ token: String) async throws -> Answer {
            try await bench.client.send("GET", bench.path("manifests/v1"), as: .verbatim("Bearer \(token)"))
        }

        private func base64url(_ text: String) -> String { Data(text.utf8).base64url }
    }
}

extension Data {
    var base64url: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    init?(base64url text: String) {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        self.init(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4))
    }
}
