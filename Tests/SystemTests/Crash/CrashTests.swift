// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// Kills a real server at random moments under load, again and again.
///
/// `HAVEN_CRASH_ROUNDS` sets the number of rounds, `HAVEN_CRASH_SEED` repeats a run's choices (not its timing).
@Suite(.serialized) struct CrashTests {
    private static let rounds = ProcessInfo.processInfo.environment["HAVEN_CRASH_ROUNDS"].flatMap { Int($0) } ?? 40
    private static let lease = Duration.seconds(6)

    @Test(
        "after kill -9 at any moment every acknowledged push pulls, every tag is the last acknowledged, nothing leaks")
    func killed() async throws {
        let seed =
            ProcessInfo.processInfo.environment["HAVEN_CRASH_SEED"].flatMap { UInt64($0) }
            ?? .random(in: 0...99_999_999)
        print("crash test: \(Self.rounds) rounds, HAVEN_CRASH_SEED=\(seed)")
        let settings = [
            "gc_interval": "1s", "lease_life": "\(Self.lease.components.seconds)s", "upload_life": "10s",
            "read_grace": "1s", "disk_reserve": "0",
        ]
        try await withHaven(settings: settings) { haven in
            let ledger = PushLedger()
            try await crash(haven, ledger, SeededGenerator(seed: seed))
            print("crash test: \(ledger.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })")
            #expect(ledger.violations == [])
        }
    }

    private func crash(_ haven: HavenProcess, _ ledger: PushLedger, _ seeded: SeededGenerator) async throws {
        var random = seeded
        let load = CrashLoad(ledger: ledger, lease: Self.lease, seed: random.next())
        let client = haven.client
        let token = try await CrashLoad.token(from: client)
        let resuming = ResumingClient([client], token: token, ledger)
        let check = CrashCheck([client], token: token, ledger)
        for _ in 1...Self.rounds {
            let (choices, chunks) = (random.split(), random.split())
            let working = Task {  // awaited below
                async let chunked: Void = resuming.run(chunks)
                await load.run(6, [client], token: token, choices)
                await chunked
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 150...1_000, using: &random)))
            try await haven.kill()
            working.cancel()
            await working.value
            try await haven.start()
            // The checker runs beside the server, as an administrator would run it.
            async let verified = haven.command("doctor", "--verify")
            try await check.look(at: ledger.names(sample: 20, &random))
            _ = try await verified
            if !ledger.violations.isEmpty { return }
        }
        try await check.look(at: ledger.names(sample: .max, &random))
        try await haven.command("doctor", "--verify", "--rehash")
        try await expectEmpty(haven, after: check.deleteEverything(ledger.names(sample: .max, &random)))
    }

    /// When everything was deleted and every lease is over, no file may be left.
    private func expectEmpty(_ haven: HavenProcess, after: Void) async throws {
        let isEmpty = try await eventually(within: .seconds(60), every: .milliseconds(200)) {
            haven.storedObjects.isEmpty
        }
        #expect(isEmpty, "left behind: \(haven.storedObjects)")
        try await haven.command("doctor", "--verify", "--strict")
    }
}
