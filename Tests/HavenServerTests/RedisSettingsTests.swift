// SPDX-License-Identifier: Apache-2.0

import Cache
import HavenServer
import Testing

@Suite("settings of Redis")
struct RedisSettingsTests {
    private func configuration(_ lines: String) throws -> RedisConfiguration? {
        try load(lines).redis.configuration
    }

    @Test("absent, there is none")
    func none() throws {
        #expect(try configuration("") == nil)
        #expect(try configuration("redis_url =") == nil)
    }

    @Test("in Harbor's form are one server, with a short patience")
    func harbor() throws {
        let found = try configuration("redis_url = 192.168.1.217:6379,100,secret,2")
        let address = RedisConfiguration.Address(host: "192.168.1.217", port: 6_379)
        #expect(found?.place == .server(address))
        #expect(found?.login == RedisLogin(password: "secret"))
        #expect(found?.database == 2)
        #expect(found?.encryption == RedisConfiguration.Encryption.none)
        #expect(found?.timeout == .milliseconds(50))
    }

    @Test("with the name of a primary are sentinels")
    func sentinels() throws {
        let lines = """
            redis_url = s1,s2:26379,100,secret
            redis_sentinel_master = haven
            redis_user = app
            redis_sentinel_password = other
            redis_tls = on
            redis_ca_file = /etc/redis.pem
            """
        let found = try configuration(lines)
        let addresses = ["s1", "s2"].map { RedisConfiguration.Address(host: $0, port: 26_379) }
        #expect(found?.place == .sentinels(addresses, master: "haven"))
        #expect(found?.login == RedisLogin(user: "app", password: "secret"))
        #expect(found?.sentinelLogin == RedisLogin(password: "other"))
        #expect(found?.encryption == .authorities(file: "/etc/redis.pem"))
    }

    @Test("as URLs name everything themselves")
    func urls() throws {
        let found = try configuration("redis_url = rediss+sentinel://u:p@s1,s2/haven/3")
        let addresses = ["s1", "s2"].map { RedisConfiguration.Address(host: $0, port: 26_379) }
        #expect(found?.place == .sentinels(addresses, master: "haven"))
        #expect(found?.encryption == .systemAuthorities)
        #expect(found?.database == 3)
    }

    @Test(
        "that contradict themselves are refused at the key that is wrong",
        arguments: [
            ("redis_url = a:1,b:2", "redis_url"), ("redis_url = a:x", "redis_url"),
            ("redis_url = a:1,1,p\nredis_password = q", "redis_password"),
            ("redis_url = redis://u:p@a\nredis_user = v", "redis_user"),
            ("redis_url = a:1\nredis_user = v", "redis_user"),
            ("redis_url = a:1\nredis_ca_file = /c.pem", "redis_ca_file"),
            ("redis_url = redis+sentinel://a/m\nredis_sentinel_master = n", "redis_sentinel_master"),
        ])
    func refused(_ lines: String, _ key: String) {
        #expect(faults(lines).map(\.key) == [key])
    }

    @Test("that do nothing get a warning")
    func unused() throws {
        #expect(try load("redis_password = p\nredis_tls = on").warnings.map(\.key) == ["redis_password", "redis_tls"])
        let alone = try load("redis_url = a:1\nredis_sentinel_password = p").warnings
        #expect(alone.map(\.key) == ["redis_sentinel_password"])
    }

    @Test("with a password in the address show nothing of it")
    func hidden() throws {
        let lines = "redis_url = redis://u:hunter2@a\nredis_sentinel_password = hunter2"
        let settings = try load(lines + "\nredis_sentinel_master = m")
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        let described = settings.described.map(\.value).joined()
        #expect(!described.contains("hunter2"))
        let broken = faults("redis_url = a:x,1,hunter2")
        #expect(broken.count == 1 && !"\(broken)".contains("hunter2"))
    }
}
