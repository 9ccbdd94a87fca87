// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What the requests of a probe met.
final class ProbeLog: Sendable {
    /// One request: when it was due, in seconds since the load began, how long it took, and what was wrong with its answer.
    struct Entry: Sendable {
        let at: Double
        let seconds: Double
        let fault: String?

        var isGood: Bool { fault == nil }
        /// When its answer came.
        var end: Double { at + seconds }
    }

    private let entries = Mutex<[Entry]>([])

    func add(_ entry: Entry) { entries.withLock { $0.append(entry) } }

    /// All entries, by the time at which they were due.
    var all: [Entry] { entries.withLock { $0 }.sorted { $0.at < $1.at } }
}

/// The outcome of a load.
struct LoadResult: Sendable {
    /// Requests of all kinds that brought no usable answer: 5xx, or none.
    var failedRequests = 0
    /// The same by what was answered, or why nothing was.
    var failures: [String: Int] = [:]
    /// Pulls of whole images that failed for good, after five tries of each request.
    var failedPulls = 0
    var pulls = 0
    /// Manifests whose push was acknowledged.
    var pushes = 0
    /// Answers that were marked as maybe not the latest.
    var staleAnswers = 0
    /// Promises that were broken, in words; empty when the history is clean.
    var violations: [String] = []
    var entries: [ProbeLog.Entry] = []
    /// When the fault began and was mended, in seconds since the load began.
    var faultBegan = 0.0
    var faultEnded = 0.0

    /// The longest time between two good answers to the probe, in seconds, from shortly before the fault on.
    var longestPause: Double {
        let ends = entries.filter(\.isGood).map(\.end).sorted().filter { $0 > faultBegan - 0.5 }
        return zip(ends, ends.dropFirst()).map { $1 - $0 }.max() ?? .infinity
    }
}
