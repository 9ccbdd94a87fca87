// SPDX-License-Identifier: Apache-2.0
import Foundation

extension LongBenchmarks {
    /// `haven gc` beside the server, while clients pull 200 times a second.
    func collection(_ stage: LongStage) -> Scenario {
        let garbage = scaled(200_000)
        return Scenario(
            name: "collection", title: "collection of \(garbage) blobs under 200 pulls/s",
            contestants: [.haven],
            figures: [
                Figure(name: "p99 before", unit: "ms", digits: 2),
                Figure(name: "p99 during", unit: "ms", digits: 2, gates: [.atMostOwn(1.2, figure: "p99 before")]),
                Figure(name: "collection", unit: "s", digits: 1, gates: [.below(180)]),
                Figure(name: "freed", unit: "blobs/s"),
                Figure(name: "pushed before", unit: "blobs/s"),
            ], roundLimit: 1
        ) { _ in
            let pushed = Double(garbage) / (try timed { try push(stage, garbage) }.seconds)
            let before = try pulls(stage) { sleep(10) }
            try expireLeases(stage)
            let files = try fileCount(stage)
            let (seconds, during) = try timed { try pulls(stage) { try collect(stage) } }
            let freed = try files - fileCount(stage)
            guard freed >= garbage else { throw BenchmarkFailure("only \(freed) of \(garbage) files are gone") }
            return [
                "p99 before": percentile(0.99, of: before) * 1e3, "p99 during": percentile(0.99, of: during) * 1e3,
                "collection": seconds, "freed": Double(freed) / seconds, "pushed before": pushed,
            ]
        }
    }

    /// Pushes blobs that no manifest will name, durably, by 16 clients.
    private func push(_ stage: LongStage, _ count: Int) throws {
        let clients = 16
        let share = (count + clients - 1) / clients
        progress("filling: \(share * clients) blobs")
        let folder = stage.folder
        let blobs = try Image.freshBlobs(share * clients, bytes: 256, in: folder)
        let pushers = try (0..<clients).map {
            SendablePusher(pusher: try Pusher(stage.haven, "\(Haven.project)/garbage\($0)"))
        }
        _ = try inParallel(clients) { client in
            for blob in blobs[client * share..<(client + 1) * share] {
                try pushers[client].pusher.put(.bytes(blob.bytes), blob.digest)
            }
        }
    }

    /// Pulls manifest, configuration and layers at 200 requests a second while `work` runs; the times, sorted.
    private func pulls(_ stage: LongStage, while work: () throws -> Void) throws -> [Double] {
        let base = "/v2/\(LongStage.repository)"
        let load = PacedLoad(
            port: stage.haven.port,
            paths: ["\(base)/manifests/latest"] + stage.image.blobs.map { "\(base)/blobs/\($0.digest)" },
            headers: try stage.haven.pullHeaders(for: LongStage.repository), requestsPerSecond: 200, connections: 8)
        let stop = Flag()
        let pulling = Background { try load.run(until: stop) }
        defer { stop.set() }
        try work()
        stop.set()
        return try pulling.value()
    }

    /// Makes today's leases and graces yesterday's: the collector waits a day for what this run cannot wait for.
    private func expireLeases(_ stage: LongStage) throws {
        try stage.haven.sql(
            """
            UPDATE links SET leased_until = 0 WHERE repository_id IN
                (SELECT id FROM repositories WHERE name_key LIKE '\(Haven.project)/garbage%');
            UPDATE gc_candidates SET due_at = 0;
            """)
    }

    /// Rows first; what they named is doomed and, its grace being over, deleted by the next run.
    private func collect(_ stage: LongStage) throws {
        for _ in 0..<4 {
            try stage.haven.command(["gc"])
            try stage.haven.sql("UPDATE doomed SET due_at = 0; UPDATE gc_candidates SET due_at = 0;")
        }
    }

    private func fileCount(_ stage: LongStage) throws -> Int {
        try execute("sh", ["-c", "find '\(stage.haven.storage)' -type f -path '*haven/*' | wc -l"])
            .split(separator: "\n").first.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) } ?? 0
    }
}

/// Work on a thread of its own.
final class Background<T: Sendable>: @unchecked Sendable {
    // `result` is written before `done` is signalled and read after.
    private let done = DispatchSemaphore(value: 0)
    private var result: Result<T, any Error>?

    init(_ body: @escaping @Sendable () throws -> T) {
        Thread.detachNewThread { [self] in
            result = Result(catching: body)
            done.signal()
        }
    }

    /// Waits for the end of the work; once.
    func value() throws -> T {
        done.wait()
        guard let result else { throw BenchmarkFailure("the background work gave nothing") }
        return try result.get()
    }
}
