// SPDX-License-Identifier: Apache-2.0

extension ShortBenchmarks {
    /// Durable pushes of small images: 5 layers of 10 KB, a configuration, a manifest.
    func imagePushes(_ stage: Stage) -> [Scenario] {
        [
            Scenario(
                name: "image-1", title: "small-image push, 1 client, fresh content",
                contestants: [.haven, .dockerRegistry], figures: imageFigures(timesPeer: 3)
            ) { try push(stage, $0, clients: 1, each: 20, again: false) },
            Scenario(
                name: "image-8", title: "small-image push, 8 clients, fresh content",
                contestants: [.haven, .dockerRegistry], figures: imageFigures(timesPeer: 3)
            ) { try push(stage, $0, clients: 8, each: 10, again: false) },
            Scenario(
                name: "repush", title: "push of an image that is there (HEADs and manifest PUT), 8 clients",
                contestants: [.haven, .dockerRegistry], figures: imageFigures(timesPeer: 2)
            ) { try push(stage, $0, clients: 8, each: 10, again: true) },
        ]
    }

    private func imageFigures(timesPeer: Double) -> [Figure] {
        [
            Figure(
                name: "rate", unit: "images/s", digits: 1, gates: [.atLeast(timesPeer, timesThat: .dockerRegistry)]),
            Figure(name: "CPU", unit: "ms/image", digits: 2),
        ]
    }

    private func push(
        _ stage: Stage, _ contestant: Contestant, clients: Int, each: Int, again: Bool
    ) throws -> [String: Double] {
        let images = try Image.fresh(clients * each, layers: 5, layerBytes: 10_240, in: stage.folder)
        let server = try stage.registry(contestant)
        let pushers = try (0..<clients).map { client in
            SendablePusher(pusher: try Pusher(server, "\(Stage.pushed)\(client)"))
        }
        let pushAll: @Sendable (Int) throws -> Void = { client in
            for number in 0..<each {
                try pushers[client].pusher.push(images[client * each + number], tag: "v\(number)")
            }
        }
        if again { _ = try inParallel(clients, pushAll) }
        let before = server.process.statistics.cpuSeconds
        let seconds = try timed { _ = try inParallel(clients, pushAll) }.seconds
        let cpu = server.process.statistics.cpuSeconds - before
        return ["rate": Double(images.count) / seconds, "CPU": cpu / Double(images.count) * 1e3]
    }
}
