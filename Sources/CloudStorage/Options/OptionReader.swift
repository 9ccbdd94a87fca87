// SPDX-License-Identifier: Apache-2.0

/// What is wrong with one option of a storage driver.
package enum OptionFault: Hashable, Sendable {
    /// The driver has no such option; these it has.
    case unknown(String, known: [String])
    case missing(String)
    /// The value is not what is accepted. Values are not repeated, for they may be secrets.
    case wrong(String, accepts: String)
    /// The option does nothing here, which deserves a word and is no error.
    case idle(String, reason: String)
}

/// Reads the options of a driver one by one, and keeps everything that is wrong with them.
package struct OptionReader: Sendable, KeepsSecrets {
    private let pairs: [String: String]
    private var known: [String] = []
    private var found: [OptionFault] = []

    package init(_ pairs: [String: String]) { self.pairs = pairs }

    /// Whether the option is given, and not empty.
    package func isGiven(_ key: String) -> Bool { !(pairs[key] ?? "").isEmpty }

    /// An optional text; an empty one is absent.
    package mutating func text(_ key: String) -> String? {
        known.append(key)
        return pairs[key].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A text that must be there; empty, with a fault noted, when it is not.
    package mutating func required(_ key: String) -> String {
        let value = text(key)
        if value == nil { found.append(.missing(key)) }
        return value ?? ""
    }

    package mutating func flag(_ key: String, default standard: Bool = false) -> Bool {
        guard let text = text(key) else { return standard }
        switch text.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default:
            found.append(.wrong(key, accepts: "true or false"))
            return standard
        }
    }

    package mutating func number(_ key: String, default standard: Int64, in range: ClosedRange<Int64>) -> Int64 {
        guard let text = text(key) else { return standard }
        if let number = Int64(text), range.contains(number) { return number }
        found.append(.wrong(key, accepts: "a whole number from \(range.lowerBound) to \(range.upperBound)"))
        return standard
    }

    package mutating func choice(_ key: String, of words: [String]) -> String? {
        guard let text = text(key) else { return nil }
        if words.contains(text) { return text }
        found.append(.wrong(key, accepts: words.joined(separator: " or ")))
        return nil
    }

    /// The address of a server: `http://` or `https://`, a host, perhaps a port and a path. Nil, with a fault, otherwise.
    package mutating func address(_ text: String, of key: String) -> ServerAddress? {
        if let address = ServerAddress(text) { return address }
        found.append(.wrong(key, accepts: "an address such as https://storage.example.com:8443/path"))
        return nil
    }

    /// Options of other programs' drivers that have no meaning here.
    package mutating func ignore(_ keys: [String], because reason: String) {
        for key in keys {
            known.append(key)
            if isGiven(key) { found.append(.idle(key, reason: reason)) }
        }
    }

    package mutating func fault(_ fault: OptionFault) { found.append(fault) }

    /// Everything wrong, the unknown options last, each once. Call it when all options have been read.
    package func faults() -> [OptionFault] {
        found + pairs.keys.filter { !known.contains($0) }.sorted().map { .unknown($0, known: known.sorted()) }
    }
}

/// Where a server is.
package struct ServerAddress: Hashable, Sendable {
    package let isSecure: Bool
    /// The host, with its port when it is not the scheme's own.
    package let host: String
    /// Empty, or beginning with a slash and not ending in one.
    package let path: String

    package var scheme: String { isSecure ? "https" : "http" }
    package var url: String { "\(scheme)://\(host)\(path)" }

    package init(isSecure: Bool, host: String, path: String = "") {
        self.isSecure = isSecure
        self.host = host
        self.path = path
    }

    /// Reads `scheme://host:port/path`; nil when it is anything else, also with a query or with credentials in it.
    package init?(_ text: String) {
        let lower = text.lowercased()
        guard lower.hasPrefix("https://") || lower.hasPrefix("http://") else { return nil }
        isSecure = lower.hasPrefix("https://")
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let name = rest.prefix { $0 != "/" }
        guard !name.isEmpty, !rest.contains(where: { "?#@ \\\"<>".contains($0) || !$0.isASCII }) else { return nil }
        let standard = isSecure ? ":443" : ":80"
        host = String(name.hasSuffix(standard) ? name.dropLast(standard.count) : name)
        var tail = rest.dropFirst(name.count)
        while tail.last == "/" { tail.removeLast() }
        path = String(tail)
    }
}
