// SPDX-License-Identifier: Apache-2.0

/// The tree of patterns, one segment a level.
struct RouteNode: Sendable {
    private var literals: [(text: String, node: RouteNode)] = []
    private var named: [(name: String, node: RouteNode)] = []  // none or one: a struct cannot hold itself
    private var here = RouteMethods()
    private var rest = RouteMethods()

    mutating func insert(_ route: Route, segments: ArraySlice<Substring>) {
        guard let segment = segments.first else { return here.add(route) }
        let following = segments.dropFirst()
        if segment == "**" {
            precondition(following.isEmpty, "** is the last segment of a pattern")
            rest.add(route)
        } else if segment.first == "{", segment.last == "}" {
            let name = String(segment.dropFirst().dropLast())
            if named.isEmpty { named.append((name, RouteNode())) }
            precondition(named[0].name == name, "one segment has two names: \(route.pattern)")
            named[0].node.insert(route, segments: following)
        } else if let index = literals.firstIndex(where: { $0.text == segment }) {
            literals[index].node.insert(route, segments: following)
        } else {
            literals.append((String(segment), RouteNode()))
            literals[literals.count - 1].node.insert(route, segments: following)
        }
    }

    /// - Parameters:
    ///   - path: What is left of the path after a slash.
    ///   - atEnd: Whether nothing is left, not even a slash.
    func search(_ path: Substring.UTF8View, atEnd: Bool, _ parameters: inout RouteParameters) -> RouteMethods? {
        if atEnd, !here.isEmpty { return here }
        if !atEnd, let found = searchBelow(path, &parameters) { return found }
        return rest.isEmpty ? nil : rest
    }

    private func searchBelow(_ path: Substring.UTF8View, _ parameters: inout RouteParameters) -> RouteMethods? {
        let end = path.firstIndex(of: UInt8(ascii: "/"))
        let segment = path[..<(end ?? path.endIndex)]
        let following = end.map { path[path.index(after: $0)...] } ?? path[path.endIndex...]
        for (text, node) in literals where text.utf8.elementsEqual(segment) {
            if let found = node.search(following, atEnd: end == nil, &parameters) { return found }
        }
        guard let (name, node) = named.first, !segment.isEmpty else { return nil }
        let before = parameters
        parameters.append(name, Substring(segment))
        if let found = node.search(following, atEnd: end == nil, &parameters) { return found }
        parameters = before
        return nil
    }
}
