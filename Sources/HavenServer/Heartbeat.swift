// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPSupport
import Logging
import Metadata
import SQLStorage
import ServiceLifecycle

/// Writes signs of life until the server has drained, and that it ended on purpose.
///
/// Each beat is also the probe by which the node learns that the database is away, and that it is back: while it is away, or
/// may be, beats come faster.
struct Heartbeat: Service {
    private let node: HavenNode
    private let health: HealthState
    private let logger: Logger

    /// How often it looks whether a beat is due.
    private static let tick = Duration.milliseconds(100)
    /// The time between two beats while the last one failed or the database is away.
    private static let urgent = Duration.milliseconds(500)
    /// How long the last beat may take: the end of a server waits for nobody.
    private static let farewell = Duration.seconds(2)
    /// After how long a silent node is forgotten.
    private static let memory = Int64.hours(24)

    init(_ node: HavenNode, health: HealthState, logger: Logger) {
        self.node = node
        self.health = health
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await beatUntilCancelled() }
        await sayGoodbye()
    }

    private func beatUntilCancelled() async {
        var said: NodeBeat.State?
        var isFailing = false
        var last = ContinuousClock.now
        var tidied: ContinuousClock.Instant?
        repeat {
            let state: NodeBeat.State = health.isDraining ? .draining : .serving
            let isUrgent = isFailing || node.metadata.watch?.mode ?? .normal != .normal
            let pause = isUrgent ? min(Self.urgent, interval) : interval
            guard state != said || last.duration(to: .now) >= pause else { continue }
            last = .now
            said = state
            isFailing = await !beat(state, isFirstFailure: !isFailing)
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
