// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPSupport
import Logging
import Metadata
import Registry
import SQLStorage
import ServiceLifecycle

/// Writes signs of life until the server has drained, and that it ended on purpose.
///
/// Each beat is also the probe by which the node learns that the database is away, and that it is back: while it is away, or
/// may be, beats come faster.
struct Heartbeat: Service {
    private let node: HavenNode
    private let health: HealthState
    private let transfers: @Sendable () -> Int
    private let logger: Logger

    /// How often it looks whether a beat is due.
    private static let tick = Duration.milliseconds(100)
    /// The time between two beats while the last one failed or the database is away.
    private static let urgent = Duration.milliseconds(500)
    /// How long the last beat may take: the end of a server waits for nobody.
    private static let farewell = Duration.seconds(2)
    /// How far this machine's clock may be from the time of the nodes before it is told, in microseconds.
    private static let tolerance = Int64.seconds(30)
    /// After how long a silent node is forgotten.
    private static let memory = Int64.hours(24)

    /// - Parameter transfers: How many requests are being answered now.
    init(_ node: HavenNode, health: HealthState, transfers: @escaping @Sendable () -> Int, logger: Logger) {
        self.node = node
        self.health = health
        self.transfers = transfers
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await beatUntilCancelled() }
        await sayGoodbye()
    }

    private func beatUntilCancelled() async {
        var said: NodeBeat.State?
        var isFailing = false
        var isClockWrong = false
        var last = ContinuousClock.now
        var tidied: ContinuousClock.Instant?
        repeat {
            let state: NodeBeat.State = health.isDraining ? .draining : .serving
            // While it drains, somebody waits to hear how far it is.
            let isUrgent = isFailing || node.metadata.watch?.mode ?? .normal != .normal || health.isDraining
            let pause = isUrgent ? min(Self.urgent, interval) : interval
            guard state != said || last.duration(to: .now) >= pause else { continue }
            last = .now
            said = state
            isFailing = await !beat(state, isFirstFailure: !isFailing)
            if !isFailing {
                await obey()
                await listen(&isClockWrong)
            }
            if !isFailing, tidied.map({ $0.duration(to: .now) > .seconds(3_600) }) ?? true {
                tidied = .now
                await tidy()
            }
        } while (try? await Task.sleep(for: Self.tick)) != nil
    }

    private var interval: Duration { node.settings.cluster.heartbeatInterval }

    /// - Returns: Whether it was written.
    private func beat(_ state: NodeBeat.State, isFirstFailure: Bool) async -> Bool {
        do {
            try await node.metadata.beat(node.identity.beat(state, clock: Self.clock))
            return true
        } catch {
            if isFirstFailure, !Task.isCancelled {
                logger.warning("a beat could not be written", metadata: ["error": "\(error)"])
            }
            return false
        }
    }

    /// Reads the order of the operator, and reports how far it is obeyed.
    ///
    /// While the database is away the last order holds.
    private func obey() async {
        do {
            let name = node.identity.name
            let isOrdered = try await node.metadata.read(.jobs) { try $0.isDrainOrdered(of: name) }
            if health.order(draining: isOrdered) {
                logger.notice(isOrdered ? "told to drain" : "told to serve again")
            }
            if isOrdered { try await report(name) }
        } catch {
            logger.debug("the order to drain was not read", metadata: ["error": "\(error)"])
        }
    }

    /// Hears what time the nodes agree on.
    ///
    /// - Parameter wasWrong: Whether this machine's clock was far from it at the last beat; changes are told.
    private func listen(_ wasWrong: inout Bool) async {
        let (clock, age) = (node.metadata.clock, node.settings.cluster.goneAfter)
        do {
            try await clock.listen { try await node.metadata.read(.jobs) { try $0.nodeClocks(heardWithin: age) } }
        } catch {
            logger.debug("the time of the nodes was not read", metadata: ["error": "\(error)"])
        }
        let isWrong = abs(clock.lead) > Self.tolerance
        defer { wasWrong = isWrong }
        guard isWrong != wasWrong else { return }
        if isWrong {
            logger.warning(
                "this machine's clock is wrong: it is not the time of the other nodes, which counts",
                metadata: ["seconds ahead": "\(clock.lead / 1_000_000)"])
        } else {
            logger.notice("this machine's clock is right again")
        }
    }

    /// Uploads that wait for their client are handed over: the next node goes on where this one is.
    private func report(_ name: String) async throws {
        await node.registry.closeIdleUploads(olderThan: .seconds(1))
        let (id, left) = (node.identity.id, transfers() + node.registry.openUploads)
        try await node.metadata.write(.jobs) { try $0.reportDrain(of: name, by: id, transfers: left) }
    }

    private func tidy() async {
        do {
            try await node.metadata.write(.jobs) { try $0.forgetNodes(silentFor: Self.memory) }
        } catch {
            logger.debug("old nodes were not forgotten", metadata: ["error": "\(error)"])
        }
    }

    /// Says that the node ended on purpose, if the database can be told now.
    private func sayGoodbye() async {
        let farewell = Task { await beat(.stopped, isFirstFailure: true) }
        // Whichever comes first ends the wait; a beat that hangs ends with the process.
        let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
        let waiting = Task {
            _ = await farewell.value
            continuation.finish()
        }
        let timer = Task {
            try? await Task.sleep(for: Self.farewell)
            continuation.finish()
        }
        for await _ in ends {}
        waiting.cancel()
        timer.cancel()
    }

    private static var clock: Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }
}
