// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore

extension RouteTable {
    /// The routes of a plain listener that only leads to the encrypted one.
    ///
    /// GET and HEAD are moved for good with 301, which is what probes expect; other methods with 308, which keeps the
    /// method and body (RFC 9110, section 15.4.9).
    ///
    /// - Parameter port: Where https is reached from outside; 443 is not written.
    package static func redirectToHTTPS(port: Int) -> RouteTable {
        var routes = RouteTable()
        for method: HTTPRequest.Method in [.get, .post, .put, .patch, .delete, .options] {
            routes.add(method, "/**", access: .open("leads to https")) { request, context in
                let host = context.hostWithoutPort + (port == 443 ? "" : ":\(port)")
                return Response(
                    status: method == .get ? .movedPermanently : .permanentRedirect,
                    headers: [.location: "https://\(host)\(request.uri.string)"])
            }
        }
        return routes
    }
}

extension HavenRequestContext {
    /// The name the client asked for, brackets of IPv6 included.
    var hostWithoutPort: Substring {
        guard let colon = host.lastIndex(of: ":"), !host[colon...].contains("]") else { return host[...] }
        return host[..<colon]
    }
}
