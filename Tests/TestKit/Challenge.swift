// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A `WWW-Authenticate: Bearer` challenge, taken apart.
///
/// Specified by RFC 6750 section 3 and the distribution project's token authentication pages.
package struct Challenge: Sendable, Equatable {
    package let realm: String
    package let service: String?
    package let scope: String?
    package let error: String?

    /// - Returns: nil when `header` is no bearer challenge or names no realm.
    package init?(_ header: String) {
        guard header.lowercased().hasPrefix("bearer ") else { return nil }
        var parameters: [String: String] = [:]
        for match in header.matches(of: #/([A-Za-z_]+)="([^"]*)"/#) {
            parameters[match.1.lowercased()] = String(match.2)
        }
        guard let realm = parameters["realm"] else { return nil }
        self.realm = realm
        service = parameters["service"]
        scope = parameters["scope"]
        error = parameters["error"]
    }

    /// Where a client asks for the token.
    package var tokenURL: String {
        var components = URLComponents(string: realm) ?? URLComponents()
        var items: [URLQueryItem] = []
        if let service { items.append(URLQueryItem(name: "service", value: service)) }
        for scope in (scope ?? "").split(separator: " ") {
            items.append(URLQueryItem(name: "scope", value: String(scope)))
        }
        components.queryItems = items
        return components.string ?? realm
    }
}
