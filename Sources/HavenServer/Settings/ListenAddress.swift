// SPDX-License-Identifier: Apache-2.0

/// Where the server accepts connections.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// An IP address; the ports come from `http_port` and `https_port`.
    case address(String)

    /// A Unix socket at a path; it speaks plain HTTP.
    case unixSocket(String)

    /// Reads `127.0.0.1`, `::1`, `[::1]`, `unix:/run/haven.sock` or `/run/haven.sock`.
    package init?(_ text: String) {
        let path = text.hasPrefix("unix:") ? String(text.dropFirst(5)) : text
        if path.hasPrefix("/") {
            // sun_path holds 108 bytes with its end mark.
            guard path.utf8.count <= 107, !path.hasControlCharacters else { return nil }
            self = .unixSocket(path)
            return
        }
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        guard IPAddress(bare) != nil else { return nil }
        self = .address(bare)
    }

    package var description: String {
        switch self {
        case .address(let address): address
        case .unixSocket(let path): "unix:\(path)"
        }
    }
}

extension SettingForm where Value == ListenAddress {
    /// An IP address or a Unix socket.
    package static var listenAddress: SettingForm {
        SettingForm("an IP address or unix:/path of a socket") {
            ListenAddress($0)
        } text: {
            $0.description
        }
    }
}
