// SPDX-License-Identifier: Apache-2.0
package import SQLStorage

extension DatabaseServer {
    /// The same database reached through a proxy, in plain text, so that the proxy sees what is said.
    package func through(_ proxy: FaultProxy) -> DatabaseServer {
        var copy = self
        copy.hosts = [.init("127.0.0.1", port: proxy.port)]
        copy.encryption = .disable
        return copy
    }
}
