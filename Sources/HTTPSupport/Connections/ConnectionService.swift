// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Logging
import NIOCore

/// What all connections of a listener share.
struct ConnectionService: Sendable {
    let responder: RequestResponder
    let limits: ConnectionLimits
    let proxies: TrustedProxies
    let connections: ConnectionRegister
    let health: HealthState

    /// Whether answers are the last on their connections: their clients then come back through the balancer.
    var isDraining: Bool { connections.isDraining || health.isDraining }

    /// Gathers what is known of a request before its handler runs.
    func context(
        for head: HTTPRequest, peer: ClientView, channel: any Channel, memo: ConnectionMemo
    ) -> HavenRequestContext {
        var view = peer
        if let authority = head.authority.flatMap(ClientView.validHost) { view.host = authority }
        if !proxies.isEmpty { view = ClientView(direct: view, headers: head.headerFields, trusting: proxies) }
        return responder.makeContext(head, view: view, channel: channel, memo: memo)
    }
}
