// SPDX-License-Identifier: Apache-2.0
import Cache
import Foundation
import Metadata
import SQLStorage
import Testing

@testable import Access

/// What nodes believe of each other about tokens, and what they do not.
@Suite("tokens that another node checked")
struct SharedTokenTests {
    private static let key = [UInt8](repeating: 5, count: 32)

    /// Nodes over one database that share `below`.
    private func node(_ world: AccessWorld, _ below: MemorySharedCache, key: [UInt8] = Self.key) -> AccessService {
        AccessService(
            metadata: world.metadata, secretKey: world.secret, settings: AccessWorld.settings,
            shared: SealedCache(below, key: key), clock: world.clock.access)
    }

    private func token(_ world: AccessWorld) async throws -> String {
        let caller = try await world.logIn("writer")
        return try await world.access.issueToken(scopes: ["repository:open/app:push"], caller: caller).token
    }

    private func isBelieved(_ token: String, by node: AccessService) async throws -> Bool {
        if case .success = try await node.tokens.check(token[...]) { true } else { false }
    }

    /// Takes all keys out of the database: from now on only what was checked before is believed.
    private func removeKeys(_ world: AccessWorld) async throws {
        try await world.metadata.write { try $0.sql.run("DELETE FROM signing_keys") }
    }

    @Test("are believed without a key of ours for a minute from the check, on every node, and no longer")
    func minute() async throws {
        try await withAccess { world in
            let (below, token) = (MemorySharedCache(now: world.clock.access.instant), try await token(world))
            #expect(try await isBelieved(token, by: node(world, below)))
            try await removeKeys(world)
            world.clock.advance(by: .seconds(40))
            let late = node(world, below)
            #expect(try await isBelieved(token, by: late))
            #expect(late.tokens.known(token[...]) != nil)
            world.clock.advance(by: .seconds(21))
            #expect(late.tokens.known(token[...]) == nil)
            #expect(try await isBelieved(token, by: late) == false)
            #expect(try await isBelieved(token, by: node(world, below)) == false)
        }
    }

    @Test("are not believed when the word comes from somebody without the secret")
    func forged() async throws {
        try await withAccess { world in
            let (below, token) = (MemorySharedCache(now: world.clock.access.instant), try await token(world))
            let stranger = node(world, below, key: [UInt8](repeating: 6, count: 32))
            #expect(try await isBelieved(token, by: stranger))
            try await removeKeys(world)
            #expect(try await isBelieved(token, by: node(world, below)) == false)
        }
    }

    @Test("end when they say, whoever checked them")
    func expiry() async throws {
        try await withAccess { world in
            let below = MemorySharedCache(now: world.clock.access.instant)
            let token = try await token(world)
            world.clock.advance(by: .seconds(340))
            #expect(try await isBelieved(token, by: node(world, below)))
            try await removeKeys(world)
            world.clock.advance(by: .seconds(21))
            #expect(try await isBelieved(token, by: node(world, below)) == false)
        }
    }

    @Test("give no rights that were taken away since")
    func revoked() async throws {
        try await withAccess { world in
            let below = MemorySharedCache(now: world.clock.access.instant)
            let token = try await token(world)
            let other = node(world, below)
            #expect(try await isBelieved(token, by: node(world, below)))
            let name = try repository("open/app")
            let before = await outcome { () throws(AccessError) in
                try await other.permit(Push.self, on: name, authorization: "Bearer \(token)", address: "192.0.2.1")
            }
            #expect(before == "ok")
            try await world.access.setMember(project: "open", user: "writer", role: .read)
            let after = await outcome { () throws(AccessError) in
                try await other.permit(Push.self, on: name, authorization: "Bearer \(token)", address: "192.0.2.1")
            }
            #expect(after != "ok")
        }
    }

    @Test("are checked here when there is no answer")
    func alone() async throws {
        try await withAccess { world in
            let token = try await token(world)
            #expect(try await isBelieved(token, by: node(world, MemorySharedCache())))
            #expect(try await isBelieved(token + "x", by: node(world, MemorySharedCache())) == false)
            #expect(try await isBelieved("a.b", by: node(world, MemorySharedCache())) == false)
        }
    }
}

@Suite("signing keys of several nodes")
struct KeyWakeupTests {
    private func node(_ world: AccessWorld, _ wakeups: any Wakeups) -> AccessService {
        AccessService(
            metadata: world.metadata, secretKey: world.secret, settings: settings, wakeups: wakeups,
            clock: world.clock.access)
    }

    /// A new key signs as soon as it is read.
    private var settings: AccessSettings {
        var settings = AccessWorld.settings
        settings.keyIntroduction = .zero
        return settings
    }

    @Test("a node that is woken signs with the new key at once; one that is not, within a minute")
    func woken() async throws {
        try await withAccess { world in
            let wakeups = MemoryWakeups()
            let (first, woken, deaf) = (node(world, wakeups), node(world, wakeups), node(world, MemoryWakeups()))
            let old = try await woken.keys.signer().id
            #expect(try await deaf.keys.signer().id == old)
            world.clock.advance(by: .seconds(2))
            try await first.rotateSigningKey()
            let new = try await first.keys.signer().id
            #expect(new != old)
            #expect(try await woken.keys.signer().id == new)
            #expect(try await deaf.keys.signer().id == old)
            world.clock.advance(by: .seconds(60))
            #expect(try await deaf.keys.signer().id == new)
        }
    }

    @Test("a node with another algorithm adds its key and takes nobody's away")
    func twoAlgorithms() async throws {
        try await withAccess { world in
            let wakeups = MemoryWakeups()
            var settings = AccessWorld.settings
            settings.algorithm = .rs256
            let first = node(world, wakeups)
            let second = AccessService(
                metadata: world.metadata, secretKey: world.secret, settings: settings, wakeups: wakeups,
                clock: world.clock.access)
            let ids = [try await first.keys.signer().id, try await second.keys.signer().id]
            for _ in 0..<3 {
                world.clock.advance(by: .seconds(61))
                let again = [try await first.keys.signer().id, try await second.keys.signer().id]
                #expect(again == ids)
            }
            let rows = try await world.metadata.read { try $0.signingKeys(retiredWithin: .max / 2) }
            #expect(rows.count == 2)
        }
    }

    @Test("messages without end cause one look a second")
    func flood() async throws {
        try await withAccess { world in
            let wakeups = MemoryWakeups()
            let woken = node(world, wakeups)
            let old = try await woken.keys.signer().id
            // Nobody is told of this change; only the flood is heard.
            try await node(world, MemoryWakeups()).rotateSigningKey()
            world.clock.advance(by: .milliseconds(900))
            for _ in 0..<1_000 { wakeups.announce(.signingKeys) }
            #expect(try await woken.keys.signer().id == old)
            world.clock.advance(by: .milliseconds(100))
            #expect(try await woken.keys.signer().id != old)
        }
    }
}
