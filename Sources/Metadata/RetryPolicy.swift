// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// How often and how long a transaction is repeated after a conflict: full jitter over 2 ms × 2ⁿ, at most 200 ms, until
/// ten seconds have passed.
struct RetryPolicy: Sendable {
    var first: Duration = .milliseconds(2)
    var longest: Duration = .milliseconds(200)
    var deadline: Duration = .seconds(10)

    /// Runs `attempt` until it succeeds, fails otherwise than by a conflict, or the deadline has passed.
    func run<T: Sendable>(_ attempt: () async throws -> T) async throws -> T {
        let clock = ContinuousClock()
        let end = clock.now + deadline
        var ceiling = first
        while true {
            do {
                return try await attempt()
            } catch  where Self.isRace(error) {
                let pause = Self.jitter(ceiling)
                guard clock.now + pause < end else { throw error }
                try await clock.sleep(for: pause)
                ceiling = min(ceiling * 2, longest)
            }
        }
    }

    /// Whether nothing happened and repeating may succeed.
    static func isRace(_ error: any Error) -> Bool {
        switch error {
        case SQLError.conflict: true
        case MetadataError.raced: true
        default: false
        }
    }

    /// A random part of `ceiling`: contenders that met once should not meet again.
    private static func jitter(_ ceiling: Duration) -> Duration {
        .nanoseconds(Int64.random(in: 0...max(ceiling.wholeNanoseconds, 1)))
    }
}

extension Duration {
    fileprivate var wholeNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
