// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// All open connections of a server: counted against the limit, told to end, cut.
final class ConnectionRegister: Sendable {
    private struct State {
        var open: [ObjectIdentifier: any Channel] = [:]
        var paused: [any Channel] = []
        var isDraining = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { state.withLock { $0.open.count } }
    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Keeps a connection until it closes. Returns false while draining: the caller closes it.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isWelcome = state.withLock { state in
            if state.isDraining { return false }
            state.open[id] = channel
            return true
        }
        if isWelcome { channel.closeFuture.whenComplete { _ in self.remove(id) } }
        return isWelcome
    }

    private func remove(_ id: ObjectIdentifier) {
        let (listeners, waiters) = state.withLock { state in
            state.open[id] = nil
            defer { if state.open.count < limit { state.paused = [] } }
            let waiters = state.open.isEmpty ? state.waiters : []
            if state.open.isEmpty { state.waiters = [] }
            return (state.open.count < limit ? state.paused : [], waiters)
        }
        for listener in listeners { listener.read() }
        for waiter in waiters { waiter.resume() }
    }

    /// Whether a listener may accept; when not, it is asked to read again as soon as a connection closes.
    func mayAccept(_ listener: any Channel) -> Bool {
        state.withLock { state in
            if state.open.count < limit { return true }
            if !state.paused.contains(where: { $0 === listener }) { state.paused.append(listener) }
            return false
        }
    }

    /// From now on answers are the last on their connections, and idle connections close.
    func beginDraining() {
        for channel in state.withLock({ state in
            state.isDraining = true
            return Array(state.open.values)
        }) {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    private func cut() {
        for channel in state.withLock({ Array($0.open.values) }) { channel.close(promise: nil) }
    }

    private func waitUntilEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.open.isEmpty { return true }
                state.waiters.append(continuation)
                return false
            }
            if isEmpty { continuation.resume() }
        }
    }

    /// Waits for the connections to close by themselves, and cuts those that have not after `timeout`.
    ///
    /// Returns whether none had to be cut.
    func endAll(within timeout: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.waitUntilEmpty()
                return true
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return false
            }
            let endedAlone = await group.next() ?? false
            if !endedAlone { self.cut() }
            group.cancelAll()
            await group.waitForAll()
            return endedAlone
        }
    }
}

/// Stops accepting while the server has as many connections as it may.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never

    private let connections: ConnectionRegister

    init(connections: ConnectionRegister) {
        self.connections = connections
    }

    /// Counts here and not when the connection is set up, for that happens later, on another loop.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        guard connections.add(connection) else { return connection.close(promise: nil) }
        context.fireChannelRead(wrapInboundOut(connection))
    }

    func read(context: ChannelHandlerContext) {
        if connections.mayAccept(context.channel) { context.read() }
    }
}
