// SPDX-License-Identifier: Apache-2.0

/// Why the text of a Redis' address cannot be used, in words for an operator. It never holds the text: there may be a
/// password in it.
package struct RedisURLFault: Error, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// What a `redis_url` says.
///
/// Three forms are read:
/// - Harbor's: `host:port[,weight,password,db]`. The weight means nothing. Before the weight more addresses may stand,
///   each with its port, which are sentinels then. Blanks around addresses mean nothing.
/// - `redis://[user:password@]host[:port][/db]`, and `rediss://` for TLS, as redis-cli and Harbor 2 have it.
/// - `redis+sentinel://[user:password@]host[:port][,host[:port]…]/master[/db]`, and `rediss+sentinel://`, as Harbor 2 has it.
package struct RedisURL: Sendable, Hashable {
    package var addresses: [RedisConfiguration.Address]
    /// The name of the primary, when the addresses are those of sentinels and the text names it.
    package var master: String?
    package var user: String?
    package var password: String?
    package var database: Int?
    package var isEncrypted = false

    /// - Parameter isSentinel: Whether the addresses are known to be those of sentinels, whose usual port is another.
    package init(parsing text: String, isSentinel: Bool = false) throws(RedisURLFault) {
        if let end = text.firstRange(of: "://") {
            let scheme = text[..<end.lowerBound].lowercased()
            try self.init(scheme: scheme, rest: text[end.upperBound...], isSentinel: isSentinel)
        } else {
            try self.init(harbor: text, isSentinel: isSentinel)
        }
    }
}

// MARK: - Harbor's form

extension RedisURL {
    private init(harbor text: String, isSentinel: Bool) throws(RedisURLFault) {
        var fields = text.split(separator: ",", omittingEmptySubsequences: false)[...]
        var places = [fields.removeFirst()]
        // A weight is a number or nothing; an address never is. It needs its port here, so that a password that stands where
        // the weight is missing is not taken for a host, and shown.
        while let next = fields.first?.withoutBlanks, !next.isEmpty, !next.isNumber {
            guard next.contains(":") else {
                throw RedisURLFault("after an address stands another with its port, or the weight: a number or nothing")
            }
            places.append(fields.removeFirst())
        }
        guard fields.count <= 3 else {
            throw RedisURLFault("there is too much after the weight; a password with a comma goes into redis_password")
        }
        let port = isSentinel || places.count > 1 ? Self.sentinelPort : Self.serverPort
        var addresses: [RedisConfiguration.Address] = []
        for place in places { addresses.append(try Self.address(place, standard: port)) }
        self.addresses = addresses
        let rest = Array(fields.dropFirst())
        if let password = rest.first, !password.isEmpty { self.password = String(password) }
        if rest.count > 1, !rest[1].isEmpty { database = try Self.database(rest[1]) }
    }
}

// MARK: - URLs

extension RedisURL {
    private init(scheme: String, rest: Substring, isSentinel: Bool) throws(RedisURLFault) {
        switch scheme {
        case "redis", "redis+sentinel": isEncrypted = false
        case "rediss", "rediss+sentinel": isEncrypted = true
        default:
            throw RedisURLFault("the scheme must be redis, rediss, redis+sentinel or rediss+sentinel")
        }
        let namesMaster = scheme.hasSuffix("+sentinel")
        let port = namesMaster || isSentinel ? Self.sentinelPort : Self.serverPort
        addresses = []
        let (whole, query) = rest.parts(before: "?")
        try Self.check(query: query)
        let (authority, path) = whole.parts(before: "/")
        var hosts = authority
        if let at = authority.lastIndex(of: "@") {
            hosts = authority[authority.index(after: at)...]
            try readLogin(authority[..<at])
        }
        for place in hosts.split(separator: ",", omittingEmptySubsequences: false) {
            addresses.append(try Self.address(place, standard: port))
        }
        try read(path: path ?? "", namesMaster: namesMaster)
    }

    private mutating func readLogin(_ text: Substring) throws(RedisURLFault) {
        let (user, password) = text.parts(before: ":")
        guard let password, !password.isEmpty else {
            throw RedisURLFault("before @ stands user:password, or :password alone")
        }
        self.password = try Self.decoded(password)
        if !user.isEmpty { self.user = try Self.decoded(user) }
    }

    private mutating func read(path: Substring, namesMaster: Bool) throws(RedisURLFault) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        if namesMaster {
            guard let name = parts.popFirst(), !name.isEmpty else {
                throw RedisURLFault("after the sentinels stands /, and the name of the primary that they watch")
            }
            master = try Self.decoded(name)
        }
        if let number = parts.popFirst(), !number.isEmpty { database = try Self.database(number) }
        guard parts.isEmpty else { throw RedisURLFault("the path is longer than the number of a database") }
    }

    /// Harbor 2 writes the idle time of its connection pool behind its URLs; there is no pool here.
    private static func check(query: Substring?) throws(RedisURLFault) {
        for option in (query ?? "").split(separator: "&") where !option.hasPrefix("idle_timeout_seconds=") {
            throw RedisURLFault("an option after ? is not known; only idle_timeout_seconds is, and it has no effect")
        }
    }
}

// MARK: - Parts of both

extension RedisURL {
    private static let serverPort = 6_379
    private static let sentinelPort = 26_379

    private static func address(
        _ field: Substring, standard: Int
    ) throws(RedisURLFault) -> RedisConfiguration.Address {
        let text = field.withoutBlanks
        var (host, rest) = (text[...], Substring())
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw RedisURLFault("an IPv6 address has no closing ]") }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            rest = text[colon...]
        }
        guard !host.isEmpty, host.utf8.allSatisfy(isHostByte) else {
            throw RedisURLFault("a host is missing, or is no name and no address")
        }
        if rest.isEmpty { return RedisConfiguration.Address(host: String(host), port: standard) }
        let digits = rest.dropFirst()
        guard rest.first == ":", digits.isNumber, let port = Int(digits), (1...65_535).contains(port) else {
            throw RedisURLFault("the port must be a number from 1 to 65535 (an IPv6 address stands in [ ])")
        }
        return RedisConfiguration.Address(host: String(host), port: port)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: ".-_:".utf8.contains(byte)
        }
    }

    private static func database(_ text: Substring) throws(RedisURLFault) -> Int {
        guard text.isNumber, let number = Int(text), number <= 9_999 else {
            throw RedisURLFault("the database must be a number from 0 to 9999")
        }
        return number
    }

    /// RFC 3986, section 2.1.
    private static func decoded(_ text: Substring) throws(RedisURLFault) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = Substring(rest.prefix(2))
            guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) else {
                throw RedisURLFault("a % in the user or password must be written %25")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw RedisURLFault("the user or password is no UTF-8")
        }
        return decoded
    }
}

extension Substring {
    /// What stands before the first such character, and what stands after it; nil when there is none.
    fileprivate func parts(before separator: Character) -> (Substring, Substring?) {
        guard let place = firstIndex(of: separator) else { return (self, nil) }
        return (self[..<place], self[index(after: place)...])
    }

    /// Without the blanks around it, as people write them behind commas.
    fileprivate var withoutBlanks: Substring {
        let start = drop { $0 == " " }
        return start.prefix(upTo: start.lastIndex { $0 != " " }.map(index(after:)) ?? start.startIndex)
    }

    /// Digits and nothing else.
    fileprivate var isNumber: Bool { !isEmpty && utf8.allSatisfy { (0x30...0x39).contains($0) } }
}
