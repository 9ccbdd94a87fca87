// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// How often and how long a transaction is repeated: full jitter over 2 ms × 2ⁿ, at most 200 ms, until ten seconds have
/// passed; while a database server is away, until five have.
struct RetryPolicy: Sendable {
    var first: Duration = .milliseconds(2)
    var longest: Duration = .milliseconds(200)
    var deadline: Duration = .seconds(10)
    /// How long to look for a server that is away, or for one that takes writes.
    var absence: Duration = .seconds(5)
    /// How often a transaction is repeated that a key refused.
    var refusals = 5

    /// Runs `attempt` until it succeeds, fails for a reason that a repetition does not change, or the time is over.
    func run<T: Sendable>(_ dialect: SQLDialect, _ attempt: () async throws -> T) async throws -> T {
        let clock = ContinuousClock()
        let start = clock.now
        var ceiling = first
        var refused = 0
        while true {
            do {
                return try await attempt()
            } catch {
                let reason = Reason(error, dialect)
                if reason == .refused { refused += 1 }
                let pause = Self.jitter(ceiling)
                guard clock.now + pause < start + patience(for: reason, refused) else { throw error }
                try await clock.sleep(for: pause)
                ceiling = min(ceiling * 2, longest)
            }
        }
    }

    private func patience(for reason: Reason, _ refused: Int) -> Duration {
        switch reason {
        case .race: deadline
        case .absence: min(absence, deadline)
        case .refused: refused <= refusals ? deadline : .zero
        case .other: .zero
        }
    }

    /// Why an attempt failed, as far as repeating goes.
    enum Reason: Sendable {
        /// Another transaction was in the way and nothing happened.
        case race
        /// No server was there that does it, and nothing happened.
        case absence
        /// A key refused a statement. Where transactions run side by side, that is what a lost race looks like to one that
        /// read before the other committed; what is still refused a few repetitions later is a mistake.
        case refused
        case other

        init(_ error: any Error, _ dialect: SQLDialect) {
            switch error {
            case SQLError.conflict, MetadataError.raced: self = .race
            case SQLError.unreachable, SQLError.readOnly: self = dialect == .sqlite ? .other : .absence
            case SQLError.duplicate, SQLError.foreignKey: self = dialect == .sqlite ? .other : .refused
            default: self = .other
            }
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
