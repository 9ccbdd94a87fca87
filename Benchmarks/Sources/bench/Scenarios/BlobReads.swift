// SPDX-License-Identifier: Apache-2.0

extension ShortBenchmarks {
    /// Whole downloads of the large blob by curl.
    func blobReads(_ stage: Stage) -> [Scenario] {
        let size = "\(options.blobMebibytes) MiB"
        return [
            Scenario(
                name: "blob-1", title: "blob GET of \(size), 1 client",
                contestants: [.haven, .dockerRegistry, .nginx], figures: downloadFigures
            ) { try download(stage, $0, clients: 1, times: 3) },
            Scenario(
                name: "blob-8", title: "blob GET of \(size), 8 clients",
                contestants: [.haven, .dockerRegistry, .nginx], figures: downloadFigures
            ) { try download(stage, $0, clients: 8, times: 1) },
        ]
    }

    private var downloadFigures: [Figure] {
        [
            Figure(name: "rate", unit: "GiB/s", digits: 2, gates: [.atLeast(0.9, timesThat: .nginx)]),
            Figure(name: "CPU", unit: "s/GiB", digits: 3, gates: [.atMost(1.2, timesThat: .nginx)]),
        ]
    }

    private func download(
        _ stage: Stage, _ contestant: Contestant, clients: Int, times: Int
    ) throws -> [String: Double] {
        let request = try stage.reading(contestant, file: "blob", path: "blobs/\(stage.blobDigest)")
        let url = "http://127.0.0.1:\(request.port)\(request.path)"
        let headers = request.headers.flatMap { ["-H", "\($0): \($1)"] }
        let targets = (0..<times).flatMap { _ in ["-o", "/dev/null", url] }
        let arguments = ["-sSf", "-w", "%{size_download}\n"] + headers + targets
        let server = try stage.process(contestant).statistics
        let before = server.cpuSeconds
        let (seconds, sizes) = try timed {
            try inParallel(clients) { _ in try execute("curl", arguments) }
        }
        let cpu = server.cpuSeconds - before
        let bytes = sizes.joined().split(separator: "\n").compactMap { Int($0) }
        guard bytes.count == clients * times, bytes.allSatisfy({ $0 == stage.blobBytes }) else {
            throw BenchmarkFailure("curl did not get the whole blob")
        }
        let gibibytes = Double(bytes.reduce(0, +)) / Double(1 << 30)
        return ["rate": gibibytes / seconds, "CPU": cpu / gibibytes]
    }
}
