// SPDX-License-Identifier: Apache-2.0
import OCI

/// One thing a client asks a token for: `type[(class)]:name:action,action`.
///
/// The grammar of the distribution project's token specification ("Token scope documentation"), read strictly: a text
/// that does not follow it is an error, one that names nothing here is granted nothing.
struct TokenScope: Sendable, Hashable {
    let type: String
    /// As in `repository(plugin)`; it changes nothing and is given back.
    let resourceClass: String?
    let name: String
    let actions: [String]

    /// The most scopes in one request.
    static let limit = 100
    /// The longest scope, in bytes.
    static let longest = 1024

    /// Reads the values of all parameters `scope`; each may hold several, separated by spaces.
    static func parse(_ parameters: [String]) throws(AccessError) -> [TokenScope] {
        var scopes: [TokenScope] = []
        for parameter in parameters {
            guard parameter.utf8.count <= longest * limit else { throw .scopeInvalid("the scopes are too long") }
            for text in parameter.split(separator: " ") {
                guard scopes.count < limit else { throw .scopeInvalid("more than \(limit) scopes in one request") }
                scopes.append(try TokenScope(text))
            }
        }
        return scopes
    }

    init(_ text: Substring) throws(AccessError) {
        guard text.utf8.count <= Self.longest else {
            throw .scopeInvalid("a scope is longer than \(Self.longest) bytes")
        }
        guard let first = text.firstIndex(of: ":"), let last = text.lastIndex(of: ":"), first < last else {
            throw Self.malformed
        }
        (type, resourceClass) = try Self.readType(text[..<first])
        let name = text[text.index(after: first)..<last]
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte) else { throw Self.malformed }
        self.name = String(name)
        let actions = text[text.index(after: last)...].split(separator: ",", omittingEmptySubsequences: false)
        guard actions.count <= 16, actions.allSatisfy(Self.isAction) else { throw Self.malformed }
        self.actions = actions.map(String.init).filter { !$0.isEmpty }
    }

    /// The same resource with further actions.
    func asking(for more: [String]) -> TokenScope {
        TokenScope(
            type: type, resourceClass: resourceClass, name: name,
            actions: actions + more.filter { !actions.contains($0) })
    }

    private init(type: String, resourceClass: String?, name: String, actions: [String]) {
        self.type = type
        self.resourceClass = resourceClass
        self.name = name
        self.actions = actions
    }

    /// The repository that is meant; nil when the scope means something else or a name that none can have.
    var repository: RepositoryName? { type == "repository" ? RepositoryName(name) : nil }

    /// The actions on a repository that are asked for. `*` asks for all; words that mean nothing here ask for nothing.
    var repositoryActions: Actions {
        actions.reduce(into: Actions()) { sum, word in
            if word == "*" { sum = .all }
            if let action = Action.allCases.first(where: { $0.name == word }) { sum.insert(Actions(action)) }
        }
    }

    var isCatalog: Bool { type == "registry" && name == "catalog" && actions.contains("*") }

    private static let malformed = AccessError.scopeInvalid(
        "a scope is written type:name:actions, for example repository:library/app:pull,push")

    private static func readType(_ text: Substring) throws(AccessError) -> (String, String?) {
        guard text.last == ")", let open = text.firstIndex(of: "(") else {
            guard isWord(text) else { throw malformed }
            return (String(text), nil)
        }
        let (type, inner) = (text[..<open], text[text.index(after: open)...].dropLast())
        guard isWord(type), isWord(inner) else { throw malformed }
        return (String(type), String(inner))
    }

    private static func isWord(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { isLowerCase($0) || isDigit($0) }
    }

    private static func isAction(_ text: Substring) -> Bool {
        text == "*" || text.utf8.count <= 64 && text.utf8.allSatisfy { isLowerCase($0) || $0 == UInt8(ascii: "-") }
    }

    /// Names may carry a host with capitals and a port in front.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: ":"): true
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: isLowerCase(byte) || isDigit(byte)
        }
    }

    private static func isLowerCase(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
