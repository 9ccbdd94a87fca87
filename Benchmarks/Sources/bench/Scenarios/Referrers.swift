// SPDX-License-Identifier: Apache-2.0

extension LongBenchmarks {
    /// Artifacts that name one subject.
    func referrers(_ stage: LongStage) -> Scenario {
        Scenario(
            name: "referrers", title: "referrers of a subject that has 1000, first page, 8 connections",
            contestants: [.haven],
            figures: [
                Figure(name: "p99", unit: "ms", digits: 2, gates: [.below(10)]),
                Figure(name: "rate", unit: "pages/s"),
            ]
        ) { _ in
            let subject = try Image.digest(of: stage.image.manifest, in: stage.folder)
            try stage.once("1000 referrers") {
                let pusher = try Pusher(stage.haven, LongStage.repository)
                for number in 0..<1000 {
                    let artifact = Image.artifact(
                        about: subject, size: stage.image.manifest.count, config: stage.image.config, number: number)
                    try pusher.putManifest(artifact, "a\(number)")
                }
            }
            let request = LoadRequest(
                port: stage.haven.port, path: "/v2/\(LongStage.repository)/referrers/\(subject)",
                headers: try stage.haven.authorization(for: LongStage.repository))
            let load = WrkLoad(script: "\(options.root)/Benchmarks/wrk/load.lua")
            let result = try load.run(request, connections: 8, seconds: options.seconds)
            return ["p99": result.p99Milliseconds, "rate": result.rate]
        }
    }
}
