// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestKit

/// Remembers which requests came before.
final class SeenRequests: Sendable {
    private let seen = Mutex<Set<String>>([])
    private let count = Mutex(0)

    /// True for every seventh call.
    func isSeventh() -> Bool {
        count.withLock { count in
            count += 1
            return count.isMultiple(of: 7)
        }
    }

    /// Whether this name is asked for the first time.
    func isFirst(named name: String) -> Bool { seen.withLock { $0.insert(name).inserted } }

    /// Whether no request of this kind came before: same method, same target without signatures and times, same range.
    func isFirst(_ request: DoubleRequest) -> Bool {
        let kept = request.query.filter { name, _ in !Self.changing.contains(name) }.map { "\($0.name)=\($0.value)" }
        let name = [request.method, request.rawPath, kept.joined(separator: "&"), request.header("Range")]
        return seen.withLock { $0.insert((name + [request.header("Content-Range")]).joined(separator: " ")).inserted }
    }

    private static let changing: Set = [
        "x-oss-date", "x-oss-signature", "X-Goog-Date", "X-Goog-Signature", "sig", "se",
    ]
}
