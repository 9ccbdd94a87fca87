// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Which of several hosts the sessions of one database use; shared by all of its threads.
///
/// Whoever opens a session tries the host that served last, then the others in their order. When one session finds that
/// its host serves no writes any more, or when a new one finds that the host of before does not let it in and another does,
/// all sessions of before are opened anew at their next use.
///
/// A primary that comes back after its stand-by was promoted takes writes that nobody else will ever see. It is told by its
/// timeline: before the first session all hosts are asked for theirs, and whoever has a lower one than was seen is not used.
final class HostChoice: Sendable {
    private struct State {
        var preferred = 0
        /// The highest ``ServerSession/timeline`` seen; nil before the hosts were asked.
        var timeline: Int?
        var generation = 0
        /// The last generation whose host could not be reached any more while another one served, and since when.
        var left: (generation: Int, since: ContinuousClock.Instant)?
        /// Until then no host is asked again, and why.
        var pause: (until: ContinuousClock.Instant, cause: SQLError)?
    }

    let hosts: [DatabaseServer.Host]
    private let state = Mutex(State())
    /// When no host served, how long the next ones hear so at once, instead of asking all hosts again.
    private static let pause: Duration = .milliseconds(100)

    init(_ hosts: [DatabaseServer.Host]) {
        self.hosts = hosts
    }

    /// Changes when all sessions must be opened anew.
    var generation: Int { state.withLock { $0.generation } }

    /// The sessions of this generation and of those before talk to a host that was left since that moment.
    var left: (generation: Int, since: ContinuousClock.Instant)? { state.withLock { $0.left } }

    /// Opens a session with the first host that serves.
    ///
    /// - Throws: What kept every host from serving, as one error.
    func open(
        _ connect: (DatabaseServer.Host) throws(SQLError) -> any ServerSession
    ) throws(SQLError) -> (session: any ServerSession, generation: Int) {
        let (first, generation, refusal, isNew) = state.withLock { state in
            let refusal = state.pause.flatMap { $0.until > .now ? $0.cause : nil }
            return (state.preferred, state.generation, refusal, state.timeline == nil)
        }
        if let refusal { throw refusal }
        if isNew, hosts.count > 1 { survey(connect) }
        var failures: [(host: DatabaseServer.Host, error: SQLError)] = []
        for step in hosts.indices {
            let index = (first + step) % hosts.count
            do throws(SQLError) {
                let session = try connect(hosts[index])
                guard admits(session) else {
                    session.close()
                    throw .unreachable("a stand-by was promoted since this host was the primary")
                }
                return (session, settle(on: index, instead: failures.first?.error, generation))
            } catch {
                failures.append((hosts[index], error))
            }
        }
        let cause = Self.summary(failures)
        state.withLock { $0.pause = (.now + Self.pause, cause) }
        throw cause
    }

    /// Asks the hosts for their timelines.
    private func survey(_ connect: (DatabaseServer.Host) throws(SQLError) -> any ServerSession) {
        for host in hosts {
            guard let session = try? connect(host) else { continue }
            admits(session)
            session.close()
            // Servers that do not count are all the same.
            if session.timeline == 0 { return }
        }
    }

    /// Takes note of a host's timeline.
    ///
    /// - Returns: Whether no other host was promoted since it was the primary, as far as was seen.
    @discardableResult
    private func admits(_ session: any ServerSession) -> Bool {
        state.withLock { state in
            guard session.timeline >= state.timeline ?? 0 else { return false }
            state.timeline = session.timeline
            return true
        }
    }

    /// Takes note that a host let a session in.
    ///
    /// - Parameter refusal: Why the host that served last did not; nil when it did.
    /// - Returns: The generation of the session.
    private func settle(on index: Int, instead refusal: SQLError?, _ generation: Int) -> Int {
        state.withLock { state in
            state.preferred = index
            // A full host still serves those it has let in before.
            guard case .unreachable = refusal else { return generation }
            // Somebody else has found out at the same time.
            if let left = state.left, left.generation >= generation { return state.generation }
            guard state.generation == generation else { return generation }
            state.left = (generation, .now)
            state.generation += 1
            return state.generation
        }
    }

    /// Says that the host of a session of `generation` does not serve writes any more.
    func lost(_ generation: Int) {
        state.withLock { state in
            guard state.generation == generation else { return }
            state.generation += 1
        }
    }

    /// A full server is told apart from one that is gone, because its callers wait longer.
    private static func summary(_ failures: [(host: DatabaseServer.Host, error: SQLError)]) -> SQLError {
        let text = failures.map { "\($0.host): \($0.error.cause)" }.joined(separator: "; ")
        let isFull = failures.contains { if case .overloaded = $0.error { true } else { false } }
        return isFull ? .overloaded(text) : .unreachable(text)
    }
}
