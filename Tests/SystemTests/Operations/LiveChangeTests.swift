// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

/// Commands write the database of a running server, which sees the change at its next request.
@Suite("what commands change counts at a running server's next request")
struct LiveChangeTests {
    private static let password = CommandLine.password

    private func client(_ user: String, _ haven: HavenProcess, _ password: String = password) -> RegistryClient {
        RegistryClient(haven.url, user: user, password: password)
    }

    private func push(_ client: RegistryClient, to repository: String) async throws -> Answer {
        try await client.send("POST", "/v2/\(repository)/blobs/uploads/")
    }

    @Test("members: no role sees nothing, read pulls, write pushes, and a role taken away is gone")
    func members() async throws {
        try await withHaven { haven in
            try await haven.command("project", "create", "team")
            try await haven.command(["user", "create", "alice", "--password-stdin"], input: Self.password)
            try await haven.client.push(TestImage.make(), to: "team/app", at: "v1")
            let alice = client("alice", haven)
            let manifest = "/v2/team/app/manifests/v1"
            let unseen = try await alice.send("GET", manifest)
            #expect([401, 404].contains(unseen.status), "\(unseen)")
            for (role, pulls, pushes) in [("read", 200, [401, 403]), ("write", 200, [202]), ("admin", 200, [202])] {
                try await haven.command("project", "member", "set", "team", "alice", role)
                let fresh = client("alice", haven)
                #expect(try await fresh.send("GET", manifest).status == pulls, "\(role)")
                let pushed = try await push(fresh, to: "team/app")
                #expect(pushes.contains(pushed.status), "\(role): \(pushed)")
            }
            let holder = client("alice", haven)
            #expect(try await holder.send("GET", manifest).status == 200)
            try await haven.command("project", "member", "remove", "team", "alice")
            let refused = try await holder.send("GET", manifest)
            #expect([401, 403, 404].contains(refused.status), "\(refused)")
        }
    }

    @Test("a password: the old one and its tokens are void, the new one works")
    func password() async throws {
        try await withHaven { haven in
            try await haven.command(["user", "create", "bob", "--admin", "--password-stdin"], input: Self.password)
            let bob = client("bob", haven)
            #expect(try await bob.send("GET", "/v2/").status == 200)
            let token = try #require(try await bob.token(scopes: ["registry:catalog:*"]).json?["token"] as? String)
            let catalog = try await bob.send("GET", "/v2/_catalog", as: .verbatim("Bearer \(token)"))
            #expect(catalog.status == 200)
            try await haven.command(["user", "password", "bob", "--password-stdin"], input: "Other-Horse-8")
            #expect(try await bob.send("GET", "/v2/_catalog", as: .verbatim("Bearer \(token)")).status == 401)
            #expect(try await bob.send("GET", "/v2/", as: .basic).status == 401)
            #expect(try await client("bob", haven, "Other-Horse-8").send("GET", "/v2/", as: .basic).status == 200)
        }
    }

    @Test("a project: made public it is open to everybody, made private again it is not")
    func visibility() async throws {
        try await withHaven { haven in
            try await haven.command("project", "create", "team")
            try await haven.client.push(TestImage.make(), to: "team/app", at: "v1")
            let manifest = "/v2/team/app/manifests/v1"
            #expect(try await RegistryClient(haven.url).send("GET", manifest).status == 401)
            try await haven.command("project", "set", "team", "--public")
            let anybody = RegistryClient(haven.url)
            #expect(try await anybody.send("GET", manifest).status == 200)
            try await haven.command("project", "set", "team", "--no-public")
            #expect(try await anybody.send("GET", manifest).status == 401)
        }
    }

    @Test("a quota refuses the push that would pass it with both numbers, and more room lets it in")
    func quota() async throws {
        try await withHaven { haven in
            try await haven.command("project", "create", "team", "--quota", "100K")
            try await haven.client.push(.random(60_000), to: "team/app")
            let blob = TestBlob.random(60_000)
            let location = try await haven.client.beginUpload(to: "team/app")
            let refused = try await haven.client.send(
                "PUT", location.adding("digest=\(blob.digest)"), body: blob.bytes)
            #expect(refused.status == 403 && refused.errorCode == "DENIED", "\(refused)")
            #expect(refused.errorMessage?.contains("102400") == true, "\(refused)")
            try await haven.command("project", "set", "team", "--quota", "200K")
            try await haven.client.push(blob, to: "team/app")
            let listed = try await haven.command("project", "list", "-o", "json")
            #expect(listed.contains(#""name":"team","public":false,"used_bytes":120000,"quota_bytes":204800"#))
        }
    }

    @Test("immutable tags can be neither moved nor deleted, until the pattern is taken away")
    func immutable() async throws {
        try await withHaven { haven in
            let (first, second) = (TestImage.make(), TestImage.make())
            try await haven.client.push(first, to: "library/app", at: "v1")
            try await haven.client.push(second, to: "library/app", at: "latest")
            try await haven.command("project", "set", "library", "--immutable-tags", "v*")
            let path = "/v2/library/app/manifests/v1"
            let moved = try await haven.client.put(second.manifest, second.mediaType, to: "library/app", at: "v1")
            #expect([403, 405, 412].contains(moved.status), "\(moved)")
            #expect(moved.errorMessage?.contains("v1") == true, "\(moved)")
            let deleted = try await haven.client.send("DELETE", path)
            #expect([403, 405, 412].contains(deleted.status), "\(deleted)")
            #expect(try await haven.client.send("GET", path).body == first.manifest.bytes)
            try await haven.command("project", "set", "library", "--no-immutable-tags")
            #expect(try await haven.client.send("DELETE", path).status == 202)
        }
    }

    @Test("haven gc beside a server: a dry run only says what goes, a run lets it go, and what is named stays")
    func collection() async throws {
        try await withHaven(settings: ["lease_life": "1s", "read_grace": "1s", "gc_interval": "0"]) { haven in
            let image = TestImage.make()
            try await haven.client.push(image, to: "library/app", at: "v1")
            let orphan = TestBlob.random(5_000)
            try await haven.client.push(orphan, to: "library/app")
            let path = "/v2/library/app/blobs/\(orphan.digest)"
            let before = haven.storedObjects.count
            // A dry run says it as soon as the lease is over.
            let isDue = try await eventually {
                try await haven.command("gc", "--dry-run", "-o", "json").contains(#""what":"links","count":1"#)
            }
            #expect(isDue)
            #expect(try await haven.client.send("GET", path).status == 200)
            #expect(haven.storedObjects.count == before)
            try await haven.command("gc")
            #expect(try await haven.client.send("GET", path).status == 404)
            let isRemoved = try await eventually {
                try await haven.command("gc")
                return haven.storedObjects.count == before - 1
            }
            #expect(isRemoved)
            for blob in image.blobs {
                #expect(try await haven.client.send("GET", "/v2/library/app/blobs/\(blob.digest)").body == blob.bytes)
            }
            #expect(try await haven.command("repo", "list", "library").contains("library/app"))
            #expect(try await haven.command("tag", "list", "library/app").contains("v1"))
        }
    }
}
