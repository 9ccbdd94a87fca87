// SPDX-License-Identifier: Apache-2.0
package import Metadata

/// What a node is called from one start to the end, and where it listens.
package struct NodeIdentity: Sendable {
    package let id: NodeID
    package let name: String
    /// `host:port`, or the path of a socket.
    package let address: String

    init(_ settings: Settings) {
        id = .random()
        name = settings.cluster.nodeName
        address = settings.listener.address(ofNode: settings.cluster.nodeName)
    }

    /// What it says of itself in a state.
    func beat(_ state: NodeBeat.State, clock: Int64) -> NodeBeat {
        NodeBeat(
            id: id, name: name, version: HavenVersion.number, address: address, schema: [Migration].released.count,
            state: state, clock: clock)
    }
}

extension ListenerSettings {
    /// Where other machines find a node: its first address, or its name when it listens on all of them.
    fileprivate func address(ofNode name: String) -> String {
        let port = httpsPort > 0 && redirectsToHTTPS || httpPort == 0 ? httpsPort : httpPort
        for place in listen {
            switch place {
            case .address("0.0.0.0"), .address("::"): return "\(name):\(port)"
            case .address(let host): return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unixSocket(let path): return path
            }
        }
        return "\(name):\(port)"
    }
}
