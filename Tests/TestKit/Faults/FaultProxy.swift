// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

/// A TCP proxy between a client and a server that does to connections what networks do: cuts, delays, swallows.
///
///     let proxy = try FaultProxy(to: server.port)
///     // the client is told proxy.port
///     proxy.arm(.init("COMMIT", toServer: .cutAfter))   // the server gets COMMIT, the client never its answer
///     proxy.set(.blackhole)                             // nothing arrives any more, no connection ends
///     proxy.cut()                                       // all connections end now
///     proxy.close()
///
/// Before several servers it sends each connection to the next of them in turn, as a balancer without memory does.
///
/// It looks at plain bytes, so what should spring a trap must not be encrypted.
package final class FaultProxy: Sendable {
    /// What happens to every piece of bytes, from now on, on old and new connections.
    package enum Fault: Sendable, Equatable {
        /// Bytes go on at once.
        case pass
        /// Each piece waits so long before it goes on.
        case delay(Duration)
        /// Bytes vanish; connections are accepted and stay open.
        case blackhole
        /// New connections are closed at once; old ones go on. With ``FaultProxy/cut()``, a server that went away.
        case refuse
    }

    /// Which way bytes travel.
    package enum Direction: Sendable { case toServer, toClient }

    /// What happens when a trap springs.
    package enum Action: Sendable, Equatable {
        /// Both sides are cut, and the other side does not get the piece.
        case cutBefore
        /// The piece goes on, then its sender is cut; the receiver's answer is waited for and thrown away.
        case cutAfter
        /// The piece waits so long, then goes on.
        case delay(Duration)
        /// From now on the connection stands still in both directions, and the piece does not go on.
        case freeze
    }

    /// Something that happens once, on whichever connection meets it first.
    package struct Trap: Sendable {
        let trigger: Trigger
        let direction: Direction
        let action: Action

        enum Trigger: Sendable {
            case pattern([UInt8])
            case bytes(Int)
        }

        /// Springs when `text` passes on its way to the server.
        package init(_ text: String, toServer action: Action) {
            (trigger, direction, self.action) = (.pattern(Array(text.utf8)), .toServer, action)
        }

        /// Springs when `text` passes on its way to the client.
        package init(_ text: String, toClient action: Action) {
            (trigger, direction, self.action) = (.pattern(Array(text.utf8)), .toClient, action)
        }

        /// Springs when a connection has carried `count` bytes in one direction, with the piece that reaches the number.
        package init(afterBytes count: Int, _ direction: Direction, _ action: Action) {
            (trigger, self.direction, self.action) = (.bytes(count), direction, action)
        }
    }

    /// The port of the loopback interface that clients connect to.
    package let port: Int
    /// The servers' ports, of which each connection takes the next.
    private let targets: Mutex<[Int]>
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var fault = Fault.pass
        var traps: [Trap] = []
        var sprung = 0
        var accepted = 0
        var isClosed = false
        var links: [ObjectIdentifier: FaultProxyLink] = [:]
    }

    /// Listens on a free port and connects to `port` of the loopback interface for each client.
    package convenience init(to port: Int) throws { try self.init(alternatingBetween: [port]) }

    /// Listens on a free port and connects the first client to the first of `ports`, the second to the second, and so on.
    package init(alternatingBetween ports: [Int]) throws {
        precondition(!ports.isEmpty)
        targets = Mutex(ports)
        (listener, self.port) = try LoopbackSocket.listen()
        let thread = Thread { [weak self, listener] in
            while let client = LoopbackSocket.accept(listener) {
                guard let self else { return LoopbackSocket.end(client) }
                self.serve(client)
            }
        }
        thread.name = "fault-proxy"
        thread.start()
    }

    deinit { close() }

    /// Sends later connections to another port, as when another server takes over an address.
    package func redirect(to port: Int) { targets.withLock { $0 = [port] } }

    /// Changes what happens to all bytes from now on.
    package func set(_ fault: Fault) { state.withLock { $0.fault = fault } }

    /// Sets a trap beside those that wait already.
    package func arm(_ trap: Trap) { state.withLock { $0.traps.append(trap) } }

    /// Takes all traps away that have not sprung.
    package func disarm() { state.withLock { $0.traps.removeAll() } }

    /// How many traps have sprung.
    package var sprung: Int { state.withLock { $0.sprung } }

    /// How many connections were accepted.
    package var accepted: Int { state.withLock { $0.accepted } }

    /// Ends every connection; new ones are accepted.
    package func cut() {
        for link in state.withLock({ Array($0.links.values) }) { link.cut() }
    }

    /// Stops listening and ends every connection.
    package func close() {
        // The thread that accepts closes the socket; a second shutdown might hit another one of that number.
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if isFirst { shutdown(listener, Int32(SHUT_RDWR)) }
        cut()
    }

    private func serve(_ client: Int32) {
        let (number, isRefused) = state.withLock { state in
            defer { state.accepted += 1 }
            return (state.accepted, state.fault == .refuse)
        }
        let port = targets.withLock { $0[number % $0.count] }
        guard !isRefused, let server = LoopbackSocket.connect(to: port) else { return LoopbackSocket.end(client) }
        let link = FaultProxyLink(client: client, server: server)
        state.withLock { $0.links[ObjectIdentifier(link)] = link }
        for direction in [Direction.toServer, .toClient] {
            let thread = Thread { [weak self] in
                self?.pump(link, direction)
                if !link.isStill { link.cut() }
                if link.finish() { _ = self?.state.withLock { $0.links.removeValue(forKey: ObjectIdentifier(link)) } }
            }
            thread.name = "fault-proxy.pump"
            thread.start()
        }
    }

    /// Carries bytes one way until a side ends.
    private func pump(_ link: FaultProxyLink, _ direction: Direction) {
        var seen = PassedBytes()
        while let piece = link.read(direction) {
            if link.isMute { continue }
            switch state.withLock({ $0.fault }) {
            case .pass, .refuse: break
            case .delay(let pause): Thread.sleep(forTimeInterval: pause / .seconds(1))
            case .blackhole: continue
            }
            seen.append(piece)
            if let action = spring(seen, direction) {
                guard act(action, link, direction, piece) else { return }
            } else if !link.write(piece, direction) {
                return
            }
        }
    }

    /// The action of the first trap that these bytes spring.
    private func spring(_ seen: PassedBytes, _ direction: Direction) -> Action? {
        state.withLock { state in
            let place = state.traps.firstIndex { $0.direction == direction && seen.springs($0.trigger) }
            guard let place else { return nil }
            state.sprung += 1
            return state.traps.remove(at: place).action
        }
    }

    /// - Returns: Whether the connection goes on.
    private func act(_ action: Action, _ link: FaultProxyLink, _ direction: Direction, _ piece: [UInt8]) -> Bool {
        switch action {
        case .cutBefore:
            return false
        case .cutAfter:
            link.cutSender(of: direction)
            _ = link.write(piece, direction)
            link.awaitAnswer(to: direction)
            return false
        case .delay(let pause):
            Thread.sleep(forTimeInterval: pause / .seconds(1))
            return link.write(piece, direction)
        case .freeze:
            link.freeze()
            return true
        }
    }
}

/// What one direction of a connection has carried, as far as traps must know.
private struct PassedBytes {
    private var count = 0
    private var piece = 0
    /// The last bytes, so that a pattern is found across two pieces.
    private var tail: [UInt8] = []

    mutating func append(_ bytes: [UInt8]) {
        count += bytes.count
        piece = bytes.count
        tail = Array(tail.suffix(256)) + bytes
    }

    func springs(_ trigger: FaultProxy.Trap.Trigger) -> Bool {
        switch trigger {
        case .bytes(let limit): count >= limit && count - piece < limit
        case .pattern(let pattern): !pattern.isEmpty && contains(pattern)
        }
    }

    /// Whether the pattern ends in the last piece; one that ended before has passed already.
    private func contains(_ pattern: [UInt8]) -> Bool {
        guard tail.count >= pattern.count else { return false }
        let first = max(tail.count - piece - pattern.count + 1, 0)
        return (first...(tail.count - pattern.count)).contains { start in
            tail[start] == pattern[0] && tail[start..<(start + pattern.count)].elementsEqual(pattern)
        }
    }
}
