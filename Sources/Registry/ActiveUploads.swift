// SPDX-License-Identifier: Apache-2.0
import Metadata
import Synchronization

/// The sessions of uploads between two requests of their client.
///
/// Bounded: a client that would open one too many is refused, because each session holds an open file.
final class ActiveUploads: Sendable {
    private struct Idle {
        let session: UploadSession
        let since: ContinuousClock.Instant
    }
    private struct State {
        var idle: [UploadID: Idle] = [:]
        var busy = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// Makes room for one more session, or answers false when there is none.
    func admit() -> Bool {
        state.withLock { state in
            guard state.idle.count + state.busy < limit else { return false }
            state.busy += 1
            return true
        }
    }

    /// Hands the session over to its own caller, who must put it back or ``end()`` it.
    func take(_ owner: UploadOwner) -> UploadSession? {
        state.withLock { state in
            guard let idle = state.idle[owner.id], idle.session.owner == owner else { return nil }
            state.idle[owner.id] = nil
            state.busy += 1
            return idle.session
        }
    }

    /// Keeps a session for its next request.
    ///
    /// - Returns: An older session of the same upload that must be closed now, if there was one.
    func put(_ session: UploadSession) -> UploadSession? {
        state.withLock { state in
            state.busy -= 1
            let older = state.idle[session.owner.id]?.session
            guard let older, older.fence > session.fence else {
                state.idle[session.owner.id] = Idle(session: session, since: .now)
                return older
            }
            return session
        }
    }

    /// Ends a session a request had taken or been admitted for.
    func end() { state.withLock { $0.busy -= 1 } }

    /// Removes an idle session, whoever asks: its upload was cancelled.
    func drop(_ id: UploadID) -> UploadSession? {
        state.withLock { $0.idle.removeValue(forKey: id)?.session }
    }

    /// Removes every idle session.
    func takeAll() -> [UploadSession] {
        state.withLock { state in
            defer { state.idle.removeAll() }
            return state.idle.values.map(\.session)
        }
    }

    /// Removes the sessions that were put back longer ago than a span.
    func takeIdle(longerThan span: Duration) -> [UploadSession] {
        let limit = ContinuousClock.now - span
        return state.withLock { state in
            let old = state.idle.filter { $0.value.since < limit }
            for id in old.keys { state.idle[id] = nil }
            return old.values.map(\.session)
        }
    }

    /// Whether any request holds a session.
    var isBusy: Bool { state.withLock { $0.busy > 0 } }

    /// How many sessions are open, held by requests or waiting.
    var count: Int { state.withLock { $0.idle.count + $0.busy } }
}
