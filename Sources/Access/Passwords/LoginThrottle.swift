// SPDX-License-Identifier: Apache-2.0
import Cache
import Synchronization

/// Slows down those who guess passwords, per account and per address.
///
/// After a few failures each further one makes the next attempt wait twice as long, up to a limit; attempts that come too
/// early are refused without looking at the password, and change nothing. So an account is never locked for good: after
/// the wait its right password works. An address from which the account logged in lately is not held up by failures from
/// elsewhere. Both tables are bounded; what is forgotten under pressure makes an attack cheaper, never a login impossible.
final class LoginThrottle: Sendable {
    /// How patient a table is.
    struct Patience: Sendable {
        /// Failures that cost nothing.
        var free: Int
        /// Attempts whose outcome is open, at once, failures counted in: a burst must gain nothing.
        var together: Int
        var firstDelay = Duration.seconds(1)
        var longestDelay: Duration
        /// After so long without a failure all is forgotten.
        var memory = Duration.seconds(900)
    }

    private struct Tables: Sendable {
        var accounts: [String: LoginRecord] = [:]
        var addresses: [String: LoginRecord] = [:]
    }

    private struct Visit: Hashable, Sendable {
        let account: String
        let address: String
    }

    private let ofAccount = Patience(free: 5, together: 5, longestDelay: .seconds(30))
    /// Behind one address may be a whole company whose programs log in at the same moment.
    private let ofAddress = Patience(free: 20, together: 128, longestDelay: .seconds(60))
    private let capacity: Int
    private let clock: AccessClock
    private let tables = Mutex(Tables())
    private let visits: BoundedCache<Visit, Bool>

    init(capacity: Int = 10_000, clock: AccessClock) {
        self.capacity = capacity
        self.clock = clock
        visits = BoundedCache(capacity: capacity, lifetime: .seconds(86_400), now: clock.instant)
    }

    /// Lets an attempt begin. Each that began must end with ``end(_:account:address:)``.
    func begin(account: String, address: String) throws(AccessError) {
        let now = clock.instant()
        let isFamiliar = visits.value(for: Visit(account: account, address: address)) != nil
        let delay = tables.withLock { tables -> Duration? in
            if let wait = tables.addresses[address]?.wait(at: now, ofAddress) { return wait }
            if !isFamiliar, let wait = tables.accounts[account]?.wait(at: now, ofAccount) { return wait }
            Self.change(&tables.addresses, address, capacity, now) { $0.pending += 1 }
            Self.change(&tables.accounts, account, capacity, now) { $0.pending += 1 }
            return nil
        }
        if let delay { throw .throttled(retryAfter: delay) }
    }

    /// How an attempt ended.
    enum Outcome { case succeeded, failed, unknown }

    func end(_ outcome: Outcome, account: String, address: String) {
        let now = clock.instant()
        if outcome == .succeeded { visits.insert(true, for: Visit(account: account, address: address)) }
        tables.withLock { tables in
            Self.change(&tables.accounts, account, capacity, now) { record in
                if outcome == .succeeded { record.failures = 0 }
                record.end(isFailed: outcome == .failed, at: now, ofAccount)
            }
            // A success does not clear the address: who guesses could log in with an account of their own in between.
            Self.change(&tables.addresses, address, capacity, now) { record in
                record.end(isFailed: outcome == .failed, at: now, ofAddress)
            }
        }
    }

    private static func change(
        _ table: inout [String: LoginRecord], _ key: String, _ capacity: Int, _ now: ContinuousClock.Instant,
        _ body: (inout LoginRecord) -> Void
    ) {
        if table[key] == nil, table.count >= capacity {
            let idle = table.first { $0.value.pending == 0 && $0.value.blockedUntil <= now }
            if let victim = idle?.key ?? table.keys.first { table[victim] = nil }
        }
        var record = table[key] ?? LoginRecord(blockedUntil: now, lastFailure: now)
        body(&record)
        table[key] = record.failures == 0 && record.pending == 0 ? nil : record
    }
}

/// What is known of one account or one address.
private struct LoginRecord: Sendable {
    var failures = 0
    /// Attempts whose outcome is not known yet.
    var pending = 0
    var blockedUntil: ContinuousClock.Instant
    var lastFailure: ContinuousClock.Instant

    /// How long the next attempt has to wait; nil when it may begin.
    func wait(at now: ContinuousClock.Instant, _ patience: LoginThrottle.Patience) -> Duration? {
        if blockedUntil > now { return now.duration(to: blockedUntil) }
        let failures = isStale(at: now, patience) ? 0 : failures
        let most = failures < patience.free ? patience.together - failures : 1
        return pending < most ? nil : patience.firstDelay
    }

    mutating func end(isFailed: Bool, at now: ContinuousClock.Instant, _ patience: LoginThrottle.Patience) {
        pending = max(0, pending - 1)
        guard isFailed else { return }
        if isStale(at: now, patience) { failures = 0 }
        failures += 1
        lastFailure = now
        guard failures >= patience.free else { return }
        let doublings = min(failures - patience.free, 16)
        blockedUntil = now.advanced(by: min(patience.longestDelay, patience.firstDelay * (1 << doublings)))
    }

    private func isStale(at now: ContinuousClock.Instant, _ patience: LoginThrottle.Patience) -> Bool {
        lastFailure.duration(to: now) > patience.memory
    }
}
