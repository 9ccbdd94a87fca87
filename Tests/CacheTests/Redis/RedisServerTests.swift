// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

@testable import Cache

/// How a real server is got into.
@Suite("a Redis server")
struct RedisServerTests {
    private static let entry = SharedEntry("a", [1], life: .seconds(60))

    /// Why no connection comes to be.
    private func refusal(_ configuration: RedisConfiguration) async throws -> RedisFault {
        let dialer = try RedisDialer(configuration)
        do throws(RedisFault) {
            let connection = try await dialer.connect()
            connection.end(.connection("done"))
            throw .connection("it connected")
        } catch {
            return error
        }
    }

    @Test("is got into with its password, and not with another or none")
    func password() async throws {
        try await withRedis(.init(password: "right password")) { redis in
            try await withRedisClient(redis.configuration) { client in
                let isKept = await RedisSharedCache(client).store([Self.entry])
                #expect(isKept)
            }
            var configuration = redis.configuration
            configuration.login = RedisLogin(password: "wrong")
            let wrong = try await refusal(configuration)
            #expect("\(wrong)".contains("WRONGPASS"))
            configuration.login = RedisLogin()
            let none = try await refusal(configuration)
            #expect("\(none)".contains("NOAUTH"))
        }
    }

    @Test("is got into by a user of an access list who may do no more than Haven needs")
    func user() async throws {
        try await withRedis(.init(password: "of default")) { redis in
            try await redis.command(
                "ACL", "SETUSER", "haven", "on", ">of haven", "~haven:*", "&haven:*", "+auth", "+select", "+ping",
                "+mget", "+set", "+del", "+publish", "+subscribe")
            var configuration = redis.configuration
            configuration.login = RedisLogin(user: "haven", password: "of haven")
            configuration.database = 3
            try await withRedisClient(configuration) { client in
                let cache = RedisSharedCache(client)
                let isKept = await cache.store([Self.entry])
                let found = await cache.value(for: "a")
                let isGone = await cache.remove(["a"])
                #expect(isKept && found == [1] && isGone)
                let foreign = await client.call(RedisCommand("GET", "other:key"))
                #expect(foreign == nil)
                #expect(client.isConnected)
            }
            try await withRedisWakeups(configuration) { here, there in
                let tally = Tally()
                there.listen(for: .signingKeys) { tally.add() }
                here.announce(.signingKeys)
                let isHeard = try await eventually { tally.count > 0 }
                #expect(isHeard)
            }
            configuration.login = RedisLogin(user: "haven", password: "of default")
            let fault = try await refusal(configuration)
            #expect("\(fault)".contains("WRONGPASS"))
        }
    }

    @Test("is used in the database that is named; a number it lacks is refused")
    func database() async throws {
        try await withRedis { redis in
            var configuration = redis.configuration
            configuration.database = 5
            try await withRedisClient(configuration) { client in
                let isKept = await RedisSharedCache(client).store([Self.entry])
                #expect(isKept)
            }
            let size = try await redis.command("-n", "5", "DBSIZE")
            #expect(size == "1")
            configuration.database = 16
            let fault = try await refusal(configuration)
            #expect("\(fault)".contains("out of range"))
        }
    }

    @Test("with TLS is believed by its certificate's authority, and by no other")
    func encryption() async throws {
        try await withTemporaryFolder { folder in
            let (own, foreign) = ("\(folder)/own", "\(folder)/foreign")
            try await Tool("mkdir").check(own, foreign)
            let certificates = try await TestCertificates(in: own)
            let stranger = try await TestCertificates(in: foreign)
            try await withRedis(.init(password: "secret", certificates: certificates)) { redis in
                var configuration = redis.configuration
                configuration.encryption = .authorities(file: certificates.authority)
                for host in ["127.0.0.1", "localhost"] {
                    configuration.place = .server(.init(host: host, port: redis.port))
                    try await withRedisClient(configuration) { client in
                        let isKept = await RedisSharedCache(client).store([Self.entry])
                        #expect(isKept)
                    }
                }
                configuration.encryption = .authorities(file: stranger.authority)
                let wrongAuthority = try await refusal(configuration)
                #expect("\(wrongAuthority)".contains("CERTIFICATE_VERIFY_FAILED"))
                configuration.encryption = .systemAuthorities
                let unknownAuthority = try await refusal(configuration)
                #expect("\(unknownAuthority)".contains("CERTIFICATE_VERIFY_FAILED"))
                configuration.encryption = .none
                configuration.dialTimeout = .seconds(2)
                let plain = try await refusal(configuration)
                #expect(plain != .connection("it connected"))
            }
        }
    }

    @Test("that wants TLS by a name its certificate lacks is not believed")
    func otherName() async throws {
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates(in: folder)
            let options = RedisServer.Options(
                certificates: certificates, arguments: ["--bind", "127.0.0.1", "127.0.0.2"])
            try await withRedis(options) { redis in
                var configuration = redis.configuration
                configuration.encryption = .authorities(file: certificates.authority)
                configuration.place = .server(.init(host: "127.0.0.2", port: redis.port))
                let otherName = try await refusal(configuration)
                #expect("\(otherName)".contains("failedToValidateHostname"), "\(otherName)")
            }
        }
    }

    @Test("whose authorities cannot be read is refused at the start")
    func noAuthorities() {
        let configuration = RedisConfiguration(
            place: .server(.init(host: "localhost", port: 1)), encryption: .authorities(file: "/nonexistent.pem"))
        #expect(throws: (any Error).self) { try RedisClient(configuration, logger: .quiet) }
    }

    @Test("that is none is left alone")
    func noServer() async throws {
        let fault = try await refusal(
            RedisConfiguration(place: .server(.init(host: "127.0.0.1", port: try freePort()))))
        #expect("\(fault)".contains("cannot be reached"))
    }
}
