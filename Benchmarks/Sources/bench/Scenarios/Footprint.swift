// SPDX-License-Identifier: Apache-2.0
import Foundation

extension ShortBenchmarks {
    /// Start and memory.
    func footprint(_ stage: Stage) -> [Scenario] {
        [
            Scenario(
                name: "start", title: "start on existing data, then idle",
                contestants: [.haven, .dockerRegistry],
                figures: [
                    Figure(name: "first answer", unit: "ms", gates: [.below(200)]),
                    Figure(name: "idle RSS", unit: "MB", digits: 1, gates: [.below(60)]),
                ]
            ) { contestant in
                let server = try stage.registry(contestant)
                let seconds = try server.restart()
                sleep(2)
                return ["first answer": seconds * 1e3, "idle RSS": server.process.statistics.residentBytes / 1e6]
            },
            Scenario(
                name: "transfer-memory", title: "memory per running transfer, 50 at once",
                contestants: [.haven, .dockerRegistry],
                figures: [
                    Figure(name: "upload", unit: "KiB", gates: [.below(1024)]),
                    Figure(name: "download", unit: "KiB", gates: [.below(1024)]),
                ]
            ) { contestant in
                let server = try stage.registry(contestant)
                return ["upload": try uploadMemory(stage, server), "download": try downloadMemory(stage, server)]
            },
            Scenario(
                name: "idle-connections", title: "memory per idle keep-alive connection, 400 open",
                contestants: [.haven, .dockerRegistry],
                figures: [Figure(name: "each", unit: "KiB", digits: 1, gates: [.below(32)])]
            ) { contestant in
                let server = try stage.registry(contestant)
                let before = try freshMemory(server)
                let connections = try (0..<400).map { _ in try Connection(port: server.port) }
                for connection in connections { _ = try connection.send("GET", "/v2/") }
                let after = server.process.statistics.residentBytes
                return withExtendedLifetime(connections) { ["each": max(0, after - before) / 400 / 1024] }
            },
        ]
    }

    private static let transfers = 50

    /// Memory of a server that has just started and answered once.
    private func freshMemory(_ server: any RegistryServer) throws -> Double {
        _ = try server.restart()
        _ = try server.authorization(for: Stage.application)
        sleep(1)
        return server.process.statistics.residentBytes
    }

    private func uploadMemory(_ stage: Stage, _ server: any RegistryServer) throws -> Double {
        let file = try MappedFile(Self.piece("\(stage.folder)/piece", bytes: 16 << 20))
        let digest = try stage.limit.hash("\(stage.folder)/piece").digest
        let before = try freshMemory(server)
        let pushers = try (0..<Self.transfers).map { _ in SendablePusher(pusher: try Pusher(server, Stage.pushed)) }
        let peak = try peakMemory(of: server.process.statistics) {
            _ = try inParallel(Self.transfers) {
                try pushers[$0].pusher.patch(.chunks(file, size: 32_768), digest)
            }
        }
        try stage.discardPushedBytes()
        return max(0, peak - before) / Double(Self.transfers) / 1024
    }

    private func downloadMemory(_ stage: Stage, _ server: any RegistryServer) throws -> Double {
        let before = try freshMemory(server)
        let port = server.port
        let path = "/v2/\(Stage.application)/blobs/\(stage.blobDigest)"
        let headers = try server.pullHeaders(for: Stage.application)
        let bytes = min(stage.blobBytes, 64 << 20)
        let peak = try peakMemory(of: server.process.statistics) {
            _ = try inParallel(Self.transfers) { _ in
                let connection = try Connection(port: port)
                try connection.start("GET", path, headers)
                try connection.drop(bytes)
            }
        }
        return max(0, peak - before) / Double(Self.transfers) / 1024
    }
}
