// SPDX-License-Identifier: Apache-2.0
import Access
import BlobStorage
import Cache
import Foundation
import Logging
import Metadata
import OCI
import Registry
import SQLStorage
import Synchronization
import TestKit
import Testing

private typealias Tag = OCI.Tag

/// One node over a database that can be taken away.
private struct OutageWorld: Sendable {
    let database: FaultyDatabase
    let metadata: MetadataStore
    let access: AccessService
    let registry: RegistryService
    let store: any BlobStore
    /// How far the clock was moved by hand.
    let elapsed: Clock

    static let password = "Correct-horse-1"

    final class Clock: Sendable {
        private let moved = Mutex(Duration.zero)
        func advance(by duration: Duration) { moved.withLock { $0 += duration } }
        var access: AccessClock {
            AccessClock(now: AccessClock.system.now, instant: { .now + self.moved.withLock { $0 } })
        }
    }

    static func with(
        staleTags: Duration = .seconds(900), staleDigests: Duration = .seconds(86_400), lease: Int64 = .hours(24),
        hold: Duration = .zero, _ body: (OutageWorld) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let inner = try SQLiteDatabase(path: "\(folder)/haven.db")
            try await Migrator(inner).migrate()
            let database = FaultyDatabase(inner)
            let watch = DatabaseWatch(
                pullLimit: .milliseconds(60), holdLimit: hold, sleep: database.sleep)
            let metadata = MetadataStore(database: database, watch: watch)
            var settings = AccessSettings()
            settings.passwordRounds = 1_000
            settings.staleRights = staleDigests
            let clock = Clock()
            let access = AccessService(
                metadata: metadata, secretKey: .ephemeral(), settings: settings, clock: clock.access)
            _ = try await access.prepare(adminPassword: password)
            var policy = RegistryPolicy(staleTags: staleTags, staleDigests: staleDigests)
            policy.times.lease = lease
            let store = MemoryBlobStore()
            let registry = RegistryService(
                metadata: metadata, blobs: store, rules: [], policy: policy, logger: Logger(label: "test"))
            try await body(
                OutageWorld(
                    database: database, metadata: metadata, access: access, registry: registry, store: store,
                    elapsed: clock))
            await registry.close()
            await database.close()
        }
    }

    func basic(_ name: String = "admin") -> String {
        "Basic " + Data("\(name):\(Self.password)".utf8).base64EncodedString()
    }

    func permit<P: Permission>(
        _ permission: P.Type, _ name: RepositoryName = .app, authorization: String? = nil
    ) async throws -> Permit<P> {
        try await access.permit(P.self, on: name, authorization: authorization ?? basic(), address: "127.0.0.1")
    }

    /// Pushes a manifest of one blob.
    func push(_ seed: String, at reference: Reference) async throws -> (manifest: Digest, blob: Digest) {
        let content = Array(seed.utf8)
        let blob = Digest.sha256(of: content)
        try await registry.push(blob, permit(Push.self), body: content.stream())
        let push = ManifestPush(
            bytes: ManifestText.image(config: blob, layers: [], sizes: [blob: content.count]),
            contentType: MediaType.imageManifest.description, reference: reference)
        return (try await registry.putManifest(push, permit(Push.self)).digest, blob)
    }

    func manifest(_ reference: Reference) async throws -> StoredManifest {
        try await registry.manifest(reference, permit(Pull.self))
    }

    func beat() async throws {
        try await metadata.beat(
            NodeBeat(id: .random(), name: "a", version: "1", address: "", schema: 2, state: .serving, clock: 0))
    }
}

/// How something ended: `outage` for what is answered with 503, `refused` for every other no.
private func outcome(_ attempt: () async throws -> some Any) async -> String {
    do {
        _ = try await attempt()
        return "ok"
    } catch let error as SQLError where error.isOutage {
        return "outage"
    } catch AccessError.metadata(let error as SQLError) where error.isOutage {
        return "outage"
    } catch {
        return "refused"
    }
}

@Suite("while the database is out of reach")
struct OutageTests {
    @Test("a pull of what was never read here waits for a database that fails over; what is not there is 404 then")
    func unread() async throws {
        try await OutageWorld.with(hold: .seconds(60)) { world in
            _ = try await world.push("one", at: v1)
            let permit = try await world.permit(Pull.self)
            world.database.become(.refuses(.unreachable("gone")))
            async let tag = outcome { try await world.manifest(.tag(Tag("never")!)) }
            async let blob = outcome { try await world.registry.blob(.sha256(of: [1]), permit, renewing: true) }
            let isWaiting = try await eventually { world.metadata.watch?.held == 2 }
            #expect(isWaiting)
            world.database.become(.works)
            try await world.beat()
            let answers = (await tag, await blob)
            #expect(answers == ("refused", "refused"))
        }
    }

    @Test("a push waits for rights of now while the database fails over, and so does a token for one")
    func waiting() async throws {
        try await OutageWorld.with(hold: .seconds(60)) { world in
            _ = try await world.permit(Push.self)
            world.database.become(.refuses(.unreachable("gone")))
            async let permit = world.permit(Push.self)
            async let token = world.access.answerTokenRequest(
                services: ["harbor-registry"], scopes: ["repository:library/app:pull,push"],
                authorization: world.basic(), address: "127.0.0.1")
            while world.metadata.watch?.held == 0 { await Task.yield() }
            let stale = try await world.permit(Pull.self)
            #expect(stale.isStale, "a pull does not wait")
            world.database.become(.works)
            try await world.beat()
            let fresh = try await permit
            let bytes = try await token
            #expect(!fresh.isStale && !bytes.isEmpty)
        }
    }

    private let v1 = Reference.tag(Tag("v1")!)
    private static let faults: [FaultyDatabase.Behaviour] = [.hangs, .refuses(.unreachable("gone"))]

    @Test(
        "what was read here is pulled on, marked stale; what was not is no 404; nothing is written", arguments: faults)
    func pulls(_ fault: FaultyDatabase.Behaviour) async throws {
        try await OutageWorld.with { world in
            let (digest, blob) = try await world.push("one", at: v1)
            let fresh = try await world.manifest(v1)
            #expect(!fresh.isStale)
            _ = try await world.registry.blob(blob, world.permit(Pull.self), renewing: false)
            world.database.become(fault)

            for reference in [v1, .digest(digest)] {
                let stale = try await world.manifest(reference)
                #expect(stale.isStale && stale.digest == digest && stale.bytes == fresh.bytes)
            }
            let permit = try await world.permit(Pull.self)
            #expect(permit.isStale)
            let link = try await world.registry.blob(blob, permit, renewing: false)
            #expect(link.isStale)
            _ = try await world.registry.open(link, permit)
            // Two asked and were disappointed at most: the permit and the manifest of the first pull.
            let asked = world.database.asked
            #expect(await outcome { try await world.manifest(.tag(Tag("never")!)) } == "outage")
            #expect(
                await outcome { try await world.registry.blob(.sha256(of: [1]), permit, renewing: false) } == "outage")
            #expect(await outcome { try await world.registry.tags(permit, after: "", limit: 10) } == "outage")
            #expect(await outcome { try await world.permit(Push.self) } == "outage")
            #expect(await outcome { try await world.permit(Delete.self) } == "outage")
            #expect(world.database.asked == asked)

            world.database.become(.works)
            #expect(try await world.manifest(v1).isStale, "until a write has worked")
            try await world.beat()
            #expect(try await !world.manifest(v1).isStale)
            #expect(try await !world.permit(Pull.self).isStale)
            #expect(await outcome { try await world.manifest(.tag(Tag("never")!)) } == "refused")
        }
    }

    @Test("a tag that this node moved or deleted is not answered as it was before")
    func ownChanges() async throws {
        try await OutageWorld.with { world in
            let old = try await world.push("one", at: v1).manifest
            _ = try await world.manifest(v1)
            let new = try await world.push("two", at: v1).manifest
            let gone = Reference.tag(Tag("gone")!)
            _ = try await world.push("three", at: gone)
            _ = try await world.manifest(gone)
            try await world.registry.delete(Tag("gone")!, world.permit(Delete.self))
            world.database.become(.refuses(.unreachable("gone")))
            #expect(try await world.manifest(v1).digest == new)
            #expect(try await world.manifest(.digest(old)).digest == old)
            #expect(await outcome { try await world.manifest(gone) } == "outage")
        }
    }

    @Test("with a manifest its tags are forgotten, and what the database says is gone is not remembered")
    func deleted() async throws {
        try await OutageWorld.with { world in
            let digest = try await world.push("one", at: v1).manifest
            _ = try await world.manifest(v1)
            let other = try await world.push("two", at: .tag(Tag("v2")!)).manifest
            _ = try await world.manifest(.digest(other))
            try await world.registry.deleteManifest(digest, world.permit(Delete.self))
            // Another node deletes the second.
            let second = RegistryService(
                metadata: world.metadata, blobs: world.store, rules: [], policy: RegistryPolicy(),
                logger: Logger(label: "test"))
            try await second.deleteManifest(other, world.permit(Delete.self))
            #expect(await outcome { try await world.manifest(.digest(other)) } == "refused")
            world.database.become(.refuses(.unreachable("gone")))
            #expect(await outcome { try await world.manifest(v1) } == "outage")
            #expect(await outcome { try await world.manifest(.digest(digest)) } == "outage")
            #expect(await outcome { try await world.manifest(.digest(other)) } == "outage")
        }
    }

    @Test("a tag is believed for less time than a digest, and with an age of 0 nothing is")
    func ages() async throws {
        try await OutageWorld.with(staleTags: .nanoseconds(1)) { world in
            let digest = try await world.push("one", at: v1).manifest
            _ = try await world.manifest(v1)
            world.database.become(.refuses(.unreachable("gone")))
            #expect(await outcome { try await world.manifest(v1) } == "outage")
            #expect(try await world.manifest(.digest(digest)).isStale)
        }
        try await OutageWorld.with(staleDigests: .zero) { world in
            let digest = try await world.push("one", at: v1).manifest
            _ = try await world.manifest(v1)
            world.database.become(.refuses(.unreachable("gone")))
            #expect(await outcome { try await world.manifest(.digest(digest)) } == "outage")
        }
    }

    @Test("a pusher's look at a blob whose lease may run out is refused: it could rely on nothing")
    func leases() async throws {
        try await OutageWorld.with { world in
            let blob = try await world.push("one", at: v1).blob
            _ = try await world.registry.blob(blob, world.permit(Pull.self), renewing: true)
            world.database.become(.refuses(.unreachable("gone")))
            let permit = try await world.permit(Pull.self)
            #expect(await outcome { try await world.registry.blob(blob, permit, renewing: true) } == "ok")
        }
        // A lease that is half over from its beginning.
        try await OutageWorld.with(lease: 0) { world in
            let blob = try await world.push("one", at: v1).blob
            _ = try await world.registry.blob(blob, world.permit(Pull.self), renewing: false)
            world.database.become(.refuses(.unreachable("gone")))
            let permit = try await world.permit(Pull.self)
            #expect(await outcome { try await world.registry.blob(blob, permit, renewing: true) } == "outage")
            #expect(await outcome { try await world.registry.blob(blob, permit, renewing: false) } == "ok")
        }
    }

    @Test("tokens go on; new ones come only from a password that was checked lately, and rights end with their age")
    func tokens() async throws {
        try await OutageWorld.with { world in
            try await world.access.createUser(name: "bob", password: OutageWorld.password, isAdmin: false)
            let scope = ["repository:library/app:pull,push"]
            let caller = try await world.access.identify(authorization: world.basic(), address: "127.0.0.1")
            let token = "Bearer \(try await world.access.issueToken(scopes: scope, caller: caller).token)"
            _ = try await world.permit(Pull.self, authorization: token)
            world.database.become(.refuses(.unreachable("gone")))

            #expect(try await world.permit(Pull.self, authorization: token).isStale)
            #expect(await outcome { try await world.permit(Push.self, authorization: token) } == "outage")
            let again = try await world.access.answerTokenRequest(
                services: ["harbor-registry"], scopes: scope, authorization: world.basic(), address: "127.0.0.1")
            #expect(!again.isEmpty)
            func ask(_ name: String) async -> String {
                await outcome {
                    try await world.access.answerTokenRequest(
                        services: ["harbor-registry"], scopes: scope, authorization: world.basic(name),
                        address: "127.0.0.1")
                }
            }
            #expect(await ask("bob") == "outage", "his password was never checked here")
            world.elapsed.advance(by: .seconds(61))
            #expect(await ask("admin") == "outage", "the check is forgotten after a minute")
            #expect(await outcome { try await world.permit(Pull.self, authorization: token) } == "ok")
            world.elapsed.advance(by: .seconds(86_400))
            #expect(await outcome { try await world.permit(Pull.self, authorization: token) } == "outage")
        }
    }

    @Test("nobody is refused by what was true before, and nobody without credentials is told of it")
    func refusals() async throws {
        try await OutageWorld.with { world in
            try await world.access.createUser(name: "bob", password: OutageWorld.password, isAdmin: false)
            try await world.access.createProject(name: "closed", isPublic: false, quota: nil)
            let closed = try #require(RepositoryName("closed/app"))
            func ask(_ authorization: String?) async -> String {
                await outcome {
                    try await world.access.permit(
                        Pull.self, on: closed, authorization: authorization, address: "127.0.0.1")
                }
            }
            #expect(await ask(world.basic("bob")) == "refused")
            world.database.become(.refuses(.unreachable("gone")))
            #expect(await ask(world.basic("bob")) == "outage")
            #expect(await ask(nil) == "refused", "a challenge, as always")
        }
    }
}
