// SPDX-License-Identifier: Apache-2.0

/// Who may use a route, and where that is decided.
///
/// Every route names one, so a route nobody thought about cannot exist (design, promise 12).
package enum RouteAccess: Sendable, Hashable, CustomStringConvertible {
    /// Anybody, without credentials; the reason is shown in the table of routes.
    case open(_ reason: String)
    /// The handler takes a permit from `Access` for the repository or the catalog it serves.
    case registry
    /// The route hands out tokens: credentials are its input.
    case token
    /// The handler takes its permission from `Access` as Harbor's API defines it for the operation.
    case api

    package var description: String {
        switch self {
        case .open(let reason): "open: \(reason)"
        case .registry: "registry"
        case .token: "token"
        case .api: "api"
        }
    }
}
