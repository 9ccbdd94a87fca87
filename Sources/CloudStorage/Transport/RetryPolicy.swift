// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How often and how patiently a call is repeated.
package struct RetryRules: Sendable {
    /// All tries of one call, the first one counted.
    package var attempts: Int
    /// The most the first pause may last; each further one may last twice as long.
    package var firstPause: Duration
    package var longestPause: Duration
    /// How long one try may wait for the beginning of its answer, besides the time its body may take.
    package var patience: Duration
    /// The slowest connection that is not given up, in bytes a second.
    package var slowest: Int64 = 128 << 10
    /// No further try begins after this span.
    package var total: Duration

    package init(
        attempts: Int = 6, firstPause: Duration = .milliseconds(100), longestPause: Duration = .seconds(10),
        patience: Duration = .seconds(60), total: Duration = .seconds(180)
    ) {
        self.attempts = attempts
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.patience = patience
        self.total = total
    }

    /// How long one try with so many bytes of body may take until its answer begins.
    package func patience(for bytes: Int64) -> Duration { patience + .seconds(bytes / max(1, slowest)) }

    /// The pause after the `attempt`-th try, from 1: anywhere up to its bound, so that clients of one throttled store do not
    /// come back together. A store that says when to come back is obeyed, and a little later, for the same reason.
    package func pause(after attempt: Int, asked: Duration?) -> Duration {
        let bound = min(longestPause, firstPause * (1 << min(attempt - 1, 16)))
        let jitter = bound * Double.random(in: 0...1)
        guard let asked else { return jitter }
        return min(asked, longestPause) + min(jitter, .seconds(1))
    }
}

/// Bounds the share of repeated calls, so that a store in trouble is not asked many times as often as a healthy one.
///
/// Each call that succeeds earns a tenth of a repetition; a saved-up hundred may be spent at once.
final class RetryBudget: Sendable {
    private static let most = 1_000
    private let tenths = Mutex(RetryBudget.most)

    func earn() { tenths.withLock { $0 = min(Self.most, $0 + 1) } }

    /// Takes one repetition out, or answers false when there is none left.
    func spend() -> Bool {
        tenths.withLock { tenths in
            guard tenths >= 10 else { return false }
            tenths -= 10
            return true
        }
    }
}
