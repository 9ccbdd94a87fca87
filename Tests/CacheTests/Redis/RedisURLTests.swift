// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Cache

@Suite("redis_url")
struct RedisURLTests {
    /// The parts of a text, in words.
    private static func read(_ text: String, isSentinel: Bool = false) throws -> String {
        let url = try RedisURL(parsing: text, isSentinel: isSentinel)
        return [
            url.addresses.map(\.description).joined(separator: " "), url.isEncrypted ? "tls" : nil,
            url.user.map { "user=\($0)" }, url.password.map { "password=\($0)" }, url.database.map { "db=\($0)" },
            url.master.map { "master=\($0)" },
        ].compactMap { $0 }.joined(separator: " ")
    }

    @Test(
        "Harbor's form is read",
        arguments: [
            ("redis:6379", "redis:6379"), ("192.168.1.217:6379", "192.168.1.217:6379"), ("redis", "redis:6379"),
            ("redis:6379,100", "redis:6379"), ("redis:6379,,", "redis:6379"),
            ("redis:6379,100,secret", "redis:6379 password=secret"),
            ("redis:6379,100,se:c@r/et,2", "redis:6379 password=se:c@r/et db=2"),
            ("redis:6379,100,,3", "redis:6379 db=3"),
            ("[fd00::7]:6380,100,x,0", "[fd00::7]:6380 password=x db=0"),
            ("s1:26379, s2:26379 , s3:26380, 100,secret", "s1:26379 s2:26379 s3:26380 password=secret"),
            ("s1:26379,s2:26379,s3:26380,100,secret,1", "s1:26379 s2:26379 s3:26380 password=secret db=1"),
        ])
    func harbor(_ text: String, _ parts: String) throws {
        #expect(try Self.read(text) == parts)
    }

    @Test(
        "URLs are read",
        arguments: [
            ("redis://h", "h:6379"), ("redis://h/", "h:6379"), ("redis://h:7/3", "h:7 db=3"),
            ("rediss://h", "h:6379 tls"),
            ("REDIS://:p@h:7", "h:7 password=p"), ("redis://u:p%40%3A%2F@h:7/0", "h:7 user=u password=p@:/ db=0"),
            ("redis://u:p@x@[::1]:7", "[::1]:7 user=u password=p@x"),
            ("redis://h:7/2?idle_timeout_seconds=30", "h:7 db=2"),
            ("redis+sentinel://a, b:7,[::1]:8/haven", "a:26379 b:7 [::1]:8 master=haven"),
            ("rediss+sentinel://u:p@a:1/ha%20ven/4", "a:1 tls user=u password=p db=4 master=ha ven"),
        ])
    func urls(_ text: String, _ parts: String) throws {
        #expect(try Self.read(text) == parts)
    }

    @Test("where sentinels are meant, their port is the usual one")
    func sentinels() throws {
        #expect(try Self.read("a", isSentinel: true) == "a:26379")
        #expect(try Self.read("redis://a,b", isSentinel: true) == "a:26379 b:26379")
    }

    @Test(
        "what is neither is refused, and the fault does not repeat it",
        arguments: [
            "", ":6379", "host:", "host:0", "host:65536", "host:x", "ho st:1", "h:1,w,hunter2,1", "h:1,100,hunter2,x",
            "h:1,100,hunter2,-1", "h:1,100,a,1,hunter2", "::1:6379", "[::1:6379", "http://h", "redis://",
            "redis://h:7/x",
            "redis://h:7/1/2", "redis://hunter2@h", "redis://u:@h", "redis://u:%zzhunter2@h", "redis://u:%+1@h",
            "redis://u:%FF@h", "redis://h?db=1", "redis+sentinel://h", "redis+sentinel://h/", "redis://h,", "unix:///x",
            "redis://h#x", "redis://u:p@",
        ])
    func refused(_ text: String) {
        let fault = #expect(throws: RedisURLFault.self) { try RedisURL(parsing: text) }
        let isSilent = fault?.description.contains("hunter2") == false
        #expect(isSilent)
    }

    @Test("a configuration shows addresses and no password")
    func hidden() {
        let login = RedisLogin(user: "u", password: "hunter2")
        let configuration = RedisConfiguration(
            place: .sentinels([.init(host: "::1", port: 1)], master: "haven"), login: login, sentinelLogin: login)
        #expect("\(login)" == "u:•••")
        let shown = "\(configuration) \(String(reflecting: configuration)) \(configuration.addresses)"
        #expect(!shown.contains("hunter2"))
        #expect(configuration.addresses == "the primary 'haven' by way of [::1]:1")
    }
}
