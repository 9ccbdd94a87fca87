// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// Whether the ports of the settings can be listened on.
enum PortCheck {
    static func findings(_ listener: ListenerSettings, isServing: Bool) async -> [Finding] {
        var findings: [Finding] = []
        let wanted =
            [("http_port", listener.listen, listener.httpPort), ("https_port", listener.listen, listener.httpsPort)]
            + [("metrics_port", listener.metricsListen, listener.metricsPort)]
        for (key, addresses, port) in wanted where port != 0 {
            for case .address(let host) in addresses {
                let finding = await finding(host, port, key, isServing: isServing)
                findings.append(key == "metrics_port" && !listener.metricsPortIsGiven ? finding.mild : finding)
            }
        }
        return findings
    }

    private static func finding(_ host: String, _ port: Int, _ key: String, isServing: Bool) async -> Finding {
        let shown = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(to: SocketAddress(ipAddress: host, port: port)).get()
            try await channel.close()
            return Finding(.good, "port", "\(shown) is free")
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            return isServing
                ? Finding(.good, "port", "\(shown) is in use; a server serves from this data folder")
                : Finding(
                    .fault, "port", "\(shown) is in use by another program; end that, or give another port", key: key)
        } catch let error as IOError where error.errnoCode == EACCES {
            return Finding(
                .fault, "port", "\(shown) needs a privilege that this account lacks; take a port above 1023", key: key)
        } catch let error as IOError where [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.errnoCode) {
            return Finding(.warning, "port", "\(host) is no address of this machine; the server goes on without it")
        } catch {
            return Finding(.fault, "port", "\(shown) cannot be listened on: \(error)", key: key)
        }
    }
}

extension Finding {
    /// The same for a port that nobody asked for: the server goes on without it.
    fileprivate var mild: Finding { level == .fault ? Finding(.warning, subject, text, key: key) : self }
}
