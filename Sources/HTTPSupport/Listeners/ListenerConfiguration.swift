// SPDX-License-Identifier: Apache-2.0

/// One place where the server listens.
package struct ListenerConfiguration: Sendable {
    package enum Address: Sendable, Hashable, CustomStringConvertible {
        /// An IP address or name, and a port; port 0 takes any free one.
        case tcp(host: String, port: Int)
        /// A path. A socket that a dead process left there is replaced; any other file is not.
        case unix(path: String)

        package var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unix(let path): "unix:\(path)"
            }
        }
    }

    /// What is spoken there.
    package enum Role: Sendable {
        /// The routes, over plain HTTP/1.1.
        case plain(RequestResponder)
        /// The routes, over TLS with HTTP/2 or HTTP/1.1 as the client chooses.
        case secure(RequestResponder, TLSCertificates)

        var responder: RequestResponder {
            switch self {
            case .plain(let responder), .secure(let responder, _): responder
            }
        }
    }

    package let address: Address
    package let role: Role
    /// Whether trusted proxies begin each connection with a PROXY header (then they must; others may not).
    package let speaksProxyProtocol: Bool
    /// Whether the server starts without this listener, with a warning, when it cannot be opened.
    package let isOptional: Bool

    package init(_ address: Address, _ role: Role, speaksProxyProtocol: Bool = false, isOptional: Bool = false) {
        self.address = address
        self.role = role
        self.speaksProxyProtocol = speaksProxyProtocol
        self.isOptional = isOptional
    }
}
