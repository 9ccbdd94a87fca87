// SPDX-License-Identifier: Apache-2.0
package import HummingbirdCore

/// The `n` and `last` of a list that is paged by key: distribution-spec, "Listing Tags".
package struct PageQuery: Sendable, Hashable {
    /// How many entries to send at most, clamped to the route's limit.
    package let count: Int
    /// The entry after which the page begins; nil for the first page.
    package let last: String?

    package init(count: Int, last: String?) {
        self.count = count
        self.last = last
    }

    /// Reads both from the query of a request.
    ///
    /// - Parameters:
    ///   - limit: The most entries a page may have; a larger `n` is lowered to it, an absent one takes it.
    /// - Throws: ``RequestFault/badQuery(_:)`` when `n` is not a whole number from 0.
    package init(_ request: Request, limit: Int) throws(RequestFault) {
        let query = QueryText(request.uri.string)
        last = try query.value("last").flatMap { $0.isEmpty ? nil : $0 }
        guard let text = try query.value("n") else {
            count = limit
            return
        }
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw .badQuery("n must be a whole number from 0")
        }
        count = min(Int(text) ?? limit, limit)  // all digits and still no Int: more than any limit
    }
}

/// Reads single values of a query string, decoded once; `+` is a space only in forms, so here it is itself.
package struct QueryText: Sendable {
    private let text: Substring

    /// - Parameter uri: A path with its query, as the request line has it.
    package init(_ uri: String) {
        let start = uri.utf8.firstIndex(of: UInt8(ascii: "?")).map { uri.index(after: $0) } ?? uri.endIndex
        let end = uri[start...].utf8.firstIndex(of: UInt8(ascii: "#")) ?? uri.endIndex
        text = uri[start..<end]
    }

    /// The first value of a parameter: nil when it is absent, empty when it has no `=`.
    /// - Throws: ``RequestFault/badQuery(_:)`` when its escapes are wrong.
    package func value(_ name: String) throws(RequestFault) -> String? {
        try values(name).first
    }

    /// All values of a parameter, in order.
    package func values(_ name: String) throws(RequestFault) -> [String] {
        var found: [String] = []
        for pair in text.split(separator: "&") {
            let split = pair.utf8.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard try decoded(pair[..<split]) == name else { continue }
            found.append(try decoded(split == pair.endIndex ? "" : pair[pair.index(after: split)...]))
        }
        return found
    }

    private func decoded(_ raw: Substring) throws(RequestFault) -> String {
        do {
            return try PathText.decode(raw, allowingSlash: true)
        } catch {
            throw .badQuery("the query is not percent-encoded UTF-8")
        }
    }
}
