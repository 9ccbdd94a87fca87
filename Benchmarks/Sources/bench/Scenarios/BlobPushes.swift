// SPDX-License-Identifier: Apache-2.0
import Foundation

extension ShortBenchmarks {
    /// Durable pushes of large blobs whose bytes no contestant has seen.
    func blobPushes(_ stage: Stage) -> [Scenario] {
        let size = options.blobMebibytes
        let pushers: [Contestant] = [.haven, .dockerRegistry, .limit]
        let quarter = "\(stage.folder)/quarter"
        return [
            Scenario(
                name: "push-put", title: "blob push of \(size) MiB, one PUT",
                contestants: pushers, figures: pushFigures
            ) { contestant in
                try push(stage, contestant, [stage.blobFile]) { try $0.put(.file($1), $2) }
            },
            Scenario(
                name: "push-patch", title: "blob push of \(size) MiB, streaming PATCH in 32 KiB chunks",
                contestants: pushers, figures: pushFigures
            ) { contestant in
                try push(stage, contestant, [stage.blobFile]) {
                    try $0.patch(.chunks(try MappedFile($1), size: 32_768), $2)
                }
            },
            Scenario(
                name: "push-four", title: "four blob pushes of \(size / 4) MiB at once, one PUT each",
                contestants: pushers, figures: pushFigures
            ) { contestant in
                let files = try (0..<4).map { try Self.piece("\(quarter).\($0)", bytes: size << 18) }
                return try push(stage, contestant, files) { try $0.put(.file($1), $2) }
            },
        ]
    }

    private var pushFigures: [Figure] {
        [
            Figure(
                name: "rate", unit: "GiB/s", digits: 2,
                gates: [.atLeast(2.5, timesThat: .dockerRegistry), .atLeast(0.8, timesThat: .limit)]),
            Figure(name: "CPU", unit: "s/GiB", digits: 2),
        ]
    }

    /// Makes the files' bytes new, then pushes them all at once by `method`.
    private func push(
        _ stage: Stage, _ contestant: Contestant, _ files: [String],
        by method: @escaping @Sendable (Pusher, String, String) throws -> Void
    ) throws -> [String: Double] {
        for file in files { try BlobFile.stamp(file) }
        let gibibytes = Double(try files.reduce(0) { try $0 + fileSize($1) }) / Double(1 << 30)
        let limit = stage.limit
        let (hashing, digests) = try timed { try inParallel(files.count) { try limit.hash(files[$0]).digest } }
        if contestant == .limit {
            return ["rate": gibibytes / max(hashing, try limit.write(files))]
        }
        let server = try stage.registry(contestant)
        let pushers = try files.map { _ in SendablePusher(pusher: try Pusher(server, Stage.pushed)) }
        let before = server.process.statistics.cpuSeconds
        let seconds = try timed {
            _ = try inParallel(files.count) { try method(pushers[$0].pusher, files[$0], digests[$0]) }
        }.seconds
        let cpu = server.process.statistics.cpuSeconds - before
        try stage.discardPushedBytes()
        return ["rate": gibibytes / seconds, "CPU": cpu / gibibytes]
    }

    /// A file of random bytes, made when it is absent.
    static func piece(_ path: String, bytes: Int) throws -> String {
        if access(path, R_OK) != 0 { try execute("openssl", ["rand", "-out", path, "\(bytes)"]) }
        return path
    }
}

/// Hands a connection to the thread that uses it.
struct SendablePusher: @unchecked Sendable {  // made on one thread, used afterwards on exactly one other
    let pusher: Pusher
}

/// Files that are pushed again and again.
enum BlobFile {
    /// Changes a file's first bytes, so that its digest is new to everyone.
    static func stamp(_ file: String) throws {
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
        try handle.write(contentsOf: Data(UUID().uuidString.utf8))
        try handle.close()
    }
}
