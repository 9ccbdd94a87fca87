// SPDX-License-Identifier: Apache-2.0
import Foundation
import Metadata
import Testing

@testable import Access

@Suite("Logins")
struct LoginTests {
    private func attempt(
        _ world: AccessWorld, _ name: String, _ password: String, from address: String = AccessWorld.address
    ) async -> String {
        await outcome { () throws(AccessError) in
            try await world.access.identify(authorization: world.basic(name, password), address: address)
        }
    }

    @Test("a right password is derived once and then remembered for a minute")
    func remembered() async throws {
        try await withAccess { world in
            let before = world.access.passwordChecks
            for _ in 0..<20 { _ = try await world.logIn("writer") }
            #expect(world.access.passwordChecks == before + 1)
            world.clock.advance(by: .seconds(61))
            _ = try await world.logIn("writer")
            #expect(world.access.passwordChecks == before + 2)
        }
    }

    @Test("equal credentials that come at once are checked once")
    func singleFlight() async throws {
        try await withAccess { world in
            let before = world.access.passwordChecks
            await withTaskGroup(of: String.self) { group in
                for _ in 0..<50 { group.addTask { await attempt(world, "writer", AccessWorld.password) } }
                for await found in group { #expect(found == "ok") }
            }
            #expect(world.access.passwordChecks == before + 1)
        }
    }

    @Test("a change of the password counts at once, on the node that remembers the old one")
    func changedPassword() async throws {
        try await withAccess { world in
            #expect(await attempt(world, "writer", AccessWorld.password) == "ok")
            try await world.access.setPassword(of: "writer", to: "Another1Password")
            #expect(await attempt(world, "writer", AccessWorld.password) == "badCredentials")
            #expect(await attempt(world, "writer", "Another1Password") == "ok")
        }
    }

    @Test("another rank does not make a remembered password wrong")
    func changedRank() async throws {
        try await withAccess { world in
            #expect(await attempt(world, "writer", AccessWorld.password) == "ok")
            try await world.access.setAdministrator(true, user: "writer")
            #expect(await attempt(world, "writer", AccessWorld.password) == "ok")
        }
    }

    @Test("an unknown name costs as many derivations as a wrong password, and gets the same answer")
    func unknownName() async throws {
        try await withAccess { world in
            let before = world.access.passwordChecks
            #expect(await attempt(world, "nobody", "Wrong1Password") == "badCredentials")
            #expect(world.access.passwordChecks == before + 1)
            #expect(await attempt(world, "writer", "Wrong1Password") == "badCredentials")
            #expect(world.access.passwordChecks == before + 2)
        }
    }

    @Test("names are found whatever their capitals, passwords are not")
    func capitals() async throws {
        try await withAccess { world in
            #expect(await attempt(world, "WRITER", AccessWorld.password) == "ok")
            #expect(await attempt(world, "writer", AccessWorld.password.lowercased()) == "badCredentials")
        }
    }

    @Test(
        "headers that are no credentials are refused, never taken for nobody",
        arguments: [
            "Basic", "Basic ", "Basic !!!", "Basic bm9jb2xvbg==", "Basic Og==", "Digest x", "Bearer", "Bearer x", "x",
        ])
    func malformed(header: String) async throws {
        try await withAccess { world in
            let found = await outcome { () throws(AccessError) in
                try await world.access.identify(authorization: header, address: AccessWorld.address)
            }
            #expect(found == "unauthenticated" || found == "badCredentials")
        }
    }

    @Test("failures make the next attempt wait, twice as long each time, and the right password works after the wait")
    func accountSlowed() async throws {
        try await withAccess { world in
            for number in 0..<5 {
                #expect(
                    await attempt(world, "writer", "Wrong1Password\(number)", from: "192.0.2.\(number)")
                        == "badCredentials")
            }
            let before = world.access.passwordChecks
            #expect(await attempt(world, "writer", AccessWorld.password, from: "192.0.2.99") == "throttled")
            #expect(world.access.passwordChecks == before, "refused without looking")
            world.clock.advance(by: .seconds(1))
            #expect(await attempt(world, "writer", "Wrong1Password9", from: "192.0.2.9") == "badCredentials")
            world.clock.advance(by: .seconds(1))
            #expect(await attempt(world, "writer", AccessWorld.password, from: "192.0.2.99") == "throttled")
            world.clock.advance(by: .seconds(1))
            #expect(await attempt(world, "writer", AccessWorld.password, from: "192.0.2.99") == "ok")
            #expect(await attempt(world, "writer", "Wrong1Password", from: "192.0.2.99") == "badCredentials", "cleared")
        }
    }

    @Test("the wait never grows beyond half a minute for an account, however long the attack")
    func neverLockedOut() async throws {
        try await withAccess { world in
            for number in 0..<40 {
                _ = await attempt(world, "writer", "Wrong1Password\(number)", from: "198.51.100.\(number)")
                world.clock.advance(by: .seconds(30))
            }
            #expect(await attempt(world, "writer", AccessWorld.password, from: "192.0.2.99") == "ok")
        }
    }

    @Test("an address that logged in lately is not held up by failures from elsewhere")
    func familiarAddress() async throws {
        try await withAccess { world in
            _ = try await world.logIn("writer")
            world.clock.advance(by: .seconds(120))
            for number in 0..<8 {
                _ = await attempt(world, "writer", "Wrong1Password\(number)", from: "198.51.100.\(number)")
            }
            #expect(await attempt(world, "writer", AccessWorld.password, from: "198.51.100.200") == "throttled")
            #expect(await attempt(world, "writer", AccessWorld.password) == "ok")
        }
    }

    @Test("an address that guesses many names is slowed, also in the same IPv6 network; others are not")
    func addressSlowed() async throws {
        try await withAccess { world in
            for number in 0..<20 {
                _ = await attempt(world, "guess\(number)", "Wrong1Password", from: "2001:db8::\(number)")
            }
            #expect(await attempt(world, "writer", AccessWorld.password, from: "2001:db8::ffff") == "throttled")
            #expect(await attempt(world, "writer", AccessWorld.password, from: "2001:db8:1::1") == "ok")
        }
    }

    @Test("remembered passwords and tokens are never slowed")
    func successUntouched() async throws {
        try await withAccess { world in
            let token = try await world.access.issueToken(
                scopes: ["repository:open/app:pull"], caller: try await world.logIn("writer")
            ).token
            for number in 0..<30 { _ = await attempt(world, "writer", "Wrong1Password\(number)") }
            #expect(await attempt(world, "writer", AccessWorld.password) == "ok")
            let bearer = await outcome { () throws(AccessError) in
                try await world.access.identify(authorization: "Bearer \(token)", address: AccessWorld.address)
            }
            #expect(bearer == "ok")
            #expect(await attempt(world, "reader", AccessWorld.password) == "throttled")
        }
    }

    @Test("a burst of guesses at once gains nothing over guesses one after the other", arguments: 0..<5)
    func burst(failuresBefore: Int) async throws {
        try await withAccess { world in
            let before = world.access.passwordChecks
            for number in 0..<failuresBefore {
                _ = await attempt(world, "writer", "Wrong2Password\(number)", from: "203.0.113.\(number)")
            }
            await guess(60, world) { ("writer", "203.0.113.\($0)") }
            #expect(world.access.passwordChecks - before <= 5)
            world.clock.advance(by: .seconds(60))
            await guess(60, world) { ("writer", "203.0.113.\($0)") }
            #expect(world.access.passwordChecks - before <= 6, "one more after the wait, not sixty")
        }
    }

    @Test("nor does a burst over many names from an address that failed too often")
    func burstFromOneAddress() async throws {
        try await withAccess { world in
            for number in 0..<20 { _ = await attempt(world, "guess\(number)", "Wrong1Password", from: "203.0.113.7") }
            world.clock.advance(by: .seconds(60))
            let before = world.access.passwordChecks
            await guess(60, world) { ("name\($0)", "203.0.113.7") }
            #expect(world.access.passwordChecks - before == 1)
        }
    }

    /// Tries wrong passwords, all at once.
    private func guess(_ count: Int, _ world: AccessWorld, _ who: (Int) -> (name: String, address: String)) async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                let (name, address) = who(number)
                group.addTask { _ = await attempt(world, name, "Wrong1Password\(number)", from: address) }
            }
        }
    }

    @Test("when too many passwords wait, callers are told to come back")
    func bounded() async throws {
        let workers = PasswordWorkers(threads: 1, queue: 2)
        let gate = DispatchSemaphore(value: 0)
        let (started, start) = AsyncStream<Void>.makeStream()
        await withTaskGroup(of: String.self) { group in
            group.addTask {
                await outcome { () throws(AccessError) in
                    try await workers.run {
                        start.finish()
                        gate.wait()
                    }
                }
            }
            // The one thread is taken from here on.
            for await _ in started {}
            for _ in 0..<7 {
                group.addTask { await outcome { () throws(AccessError) in try await workers.run { gate.wait() } } }
            }
            var refused = 0
            for await found in group where found == "busy" {
                refused += 1
                // Two of seven may wait; with the others refused all three can end.
                if refused == 5 { for _ in 0..<3 { gate.signal() } }
            }
            #expect(refused == 5)
        }
        #expect(workers.begun == 3)
    }

    @Test("a stored password is salted, names its rounds, and needs the very password")
    func hashes() throws {
        let (one, two) = (try PasswordHash(of: "Secret1x", rounds: 10), try PasswordHash(of: "Secret1x", rounds: 10))
        #expect(one.text != two.text)
        #expect(one.text.hasPrefix("pbkdf2-sha256$10$"))
        let read = try #require(PasswordHash(one.text))
        #expect(read.matches("Secret1x"))
        #expect(!read.matches("Secret1y"))
        #expect(!read.matches(""))
        for damaged in ["", "x", "pbkdf2-sha256$0$AAAA$AAAA", String(one.text.dropLast()), "md5$10$AAAA$AAAA"] {
            #expect(PasswordHash(damaged) == nil)
        }
    }

    @Test("the derivation is PBKDF2-HMAC-SHA256 as others compute it (RFC 7914, section 11)")
    func derivation() throws {
        let key = Base64URL.encode([
            0x55, 0xac, 0x04, 0x6e, 0x56, 0xe3, 0x08, 0x9f, 0xec, 0x16, 0x91, 0xc2, 0x25, 0x44, 0xb6, 0x05, 0xf9, 0x41,
            0x85,
            0x21, 0x6d, 0xde, 0x04, 0x65, 0xe6, 0x8b, 0x9d, 0x57, 0xc2, 0x0d, 0xac, 0xbc,
        ])
        // The vector's salt "salt" is shorter than ours ever are, so that it is read with the key alone.
        #expect(PasswordHash("pbkdf2-sha256$1$\(Base64URL.encode(Array("salt".utf8)))$\(key)") == nil)
        let derived = try PasswordHash.derive("passwd", salt: Array("salt".utf8), rounds: 1)
        #expect(Base64URL.encode(derived) == key)
    }

    @Test("production uses 600,000 rounds")
    func rounds() {
        #expect(AccessSettings().passwordRounds == 600_000)
    }
}
