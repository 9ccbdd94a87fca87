// SPDX-License-Identifier: Apache-2.0

extension ShortBenchmarks {
    /// Requests answered from memory, and short ranges: 64 connections, two client threads.
    func smallReads(_ stage: Stage) -> [Scenario] {
        let readers: [Contestant] = [.haven, .dockerRegistry, .nginx]
        let byTag = "manifests/latest"
        let byDigest = "manifests/\(stage.manifestDigest)"
        return [
            Scenario(
                name: "manifest-tag", title: "manifest GET by tag, bearer token, 64 connections",
                contestants: readers, figures: readFigures(timesPeer: 12)
            ) { contestant in
                try get(stage, contestant, stage.reading(contestant, file: "manifest", path: byTag))
            },
            Scenario(
                name: "manifest-digest", title: "manifest GET by digest, bearer token, 64 connections",
                contestants: readers, figures: readFigures(timesPeer: 18)
            ) { contestant in
                try get(stage, contestant, stage.reading(contestant, file: "manifest", path: byDigest))
            },
            Scenario(
                name: "manifest-head", title: "manifest HEAD by tag, bearer token, 64 connections",
                contestants: readers, figures: readFigures(timesPeer: 12)
            ) { contestant in
                let request = try stage.reading(contestant, file: "manifest", path: byTag)
                return try measured(stage, contestant) {
                    try HeadLoad().run(request, connections: 64, seconds: options.seconds)
                }
            },
            Scenario(
                name: "ranges", title: "blob GET of random 64 KiB ranges, 64 connections",
                contestants: readers, figures: rangeFigures
            ) { contestant in
                var request = try stage.reading(contestant, file: "blob", path: "blobs/\(stage.blobDigest)")
                request.variation = .ranges(blob: stage.blobBytes, length: 65_536)
                return try get(stage, contestant, request)
            },
            Scenario(
                name: "token", title: "token issue (password remembered), 32 connections",
                contestants: [.haven], figures: tokenFigures
            ) { contestant in
                let path = stage.haven.tokenPath("repository:\(Stage.application):pull")
                let request = LoadRequest(port: stage.haven.port, path: path, headers: [stage.haven.basic])
                return try get(stage, contestant, request, connections: 32)
            },
        ]
    }

    private func readFigures(timesPeer: Double) -> [Figure] {
        [
            Figure(
                name: "rate", unit: "requests/s",
                gates: [.atLeast(timesPeer, timesThat: .dockerRegistry), .atLeast(0.5, timesThat: .nginx)]),
            Figure(name: "p99", unit: "ms", digits: 2, gates: [.atMost(2, timesThat: .nginx)]),
            Figure(name: "CPU", unit: "µs/request", digits: 1),
        ]
    }

    private var rangeFigures: [Figure] {
        [
            Figure(name: "rate", unit: "requests/s", gates: [.atLeast(1.5, timesThat: .dockerRegistry)]),
            Figure(name: "p99", unit: "ms", digits: 2),
            Figure(name: "CPU", unit: "µs/request", digits: 1),
        ]
    }

    private var tokenFigures: [Figure] {
        [
            Figure(name: "rate", unit: "tokens/s"),
            Figure(name: "per core", unit: "tokens/CPU s", gates: [.above(10_000)]),
            Figure(name: "p99", unit: "ms", digits: 2),
        ]
    }

    private func get(
        _ stage: Stage, _ contestant: Contestant, _ request: LoadRequest, connections: Int = 64
    ) throws -> [String: Double] {
        let load = WrkLoad(script: "\(options.root)/Benchmarks/wrk/load.lua")
        return try measured(stage, contestant) {
            try load.run(request, connections: connections, seconds: options.seconds)
        }
    }

    private func measured(
        _ stage: Stage, _ contestant: Contestant, _ load: () throws -> LoadResult
    ) throws -> [String: Double] {
        let server = try stage.process(contestant).statistics
        let before = server.cpuSeconds
        let result = try load()
        let cpu = server.cpuSeconds - before
        return [
            "rate": result.rate, "p99": result.p99Milliseconds, "CPU": cpu / Double(result.requests) * 1e6,
            "per core": Double(result.requests) / max(cpu, 0.01),
        ]
    }
}
