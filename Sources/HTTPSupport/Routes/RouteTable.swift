// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes

/// All declared routes, and the search in them. What is not declared here is answered with 404.
///
/// A pattern is a path of literal segments, `{name}` for exactly one non-empty segment, and a last `**` for the whole
/// rest (none included). Literals win over names, names over the rest. Segments are compared as they stand in the
/// request, undecoded, so an escaped literal is another path. A GET route serves HEAD too, unless HEAD is declared.
package struct RouteTable: Sendable {
    /// The routes in the order of their declaration.
    package private(set) var all: [Route] = []
    private var root = RouteNode()

    package init() {}

    /// Declares a route.
    ///
    /// - Parameters:
    ///   - method: One method; GET includes HEAD.
    ///   - pattern: Begins with `/`. Declaring the same method and pattern twice is a fault in the program and stops it.
    ///   - access: Who may use it. There is no default.
    ///   - handler: Answers the request.
    package mutating func add(
        _ method: HTTPRequest.Method, _ pattern: String, access: RouteAccess, _ handler: @escaping Route.Handler
    ) {
        precondition(pattern.first == "/", "a route's pattern begins with /")
        let route = Route(index: all.count, method: method, pattern: pattern, access: access, handler: handler)
        all.append(route)
        root.insert(route, segments: pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)[...])
    }

    /// What the table says about a request.
    enum Match {
        case route(Route, RouteParameters)
        /// The path is declared, the method is not; these are.
        case methodNotAllowed([HTTPRequest.Method])
        case none
    }

    /// Finds the route of a request.
    ///
    /// - Parameter path: The raw path, without the query.
    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        var parameters = RouteParameters()
        guard path.utf8.first == UInt8(ascii: "/"),
            let methods = root.search(Substring(path).utf8.dropFirst(), atEnd: false, &parameters)
        else { return .none }
        if let route = methods.route(for: method) { return .route(route, parameters) }
        return .methodNotAllowed(methods.declared)
    }
}

/// The routes of one pattern by method.
struct RouteMethods: Sendable {
    private(set) var declared: [HTTPRequest.Method] = []
    private var routes: [Route] = []
    var isEmpty: Bool { routes.isEmpty }

    mutating func add(_ route: Route) {
        precondition(!declared.contains(route.method), "\(route.method) \(route.pattern) is declared twice")
        declared.append(route.method)
        routes.append(route)
    }

    func route(for method: HTTPRequest.Method) -> Route? {
        if let index = declared.firstIndex(of: method) { return routes[index] }
        return method == .head ? declared.firstIndex(of: .get).map { routes[$0] } : nil
    }
}
