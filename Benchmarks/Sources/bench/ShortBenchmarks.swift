// SPDX-License-Identifier: Apache-2.0

/// The table of minutes.
struct ShortBenchmarks {
    static let names = [
        "manifest-tag", "manifest-digest", "manifest-head", "ranges", "token", "blob-1", "blob-8", "push-put",
        "push-patch", "push-four", "image-1", "image-8", "repush", "start", "transfer-memory", "idle-connections",
    ]
    let options: Options

    init(_ options: Options) { self.options = options }

    func run() throws -> [Outcome] {
        guard options.asksFor(Self.names) else { return [] }
        let stage = try Stage(options)
        let all =
            smallReads(stage) + blobReads(stage) + blobPushes(stage) + imagePushes(stage) + footprint(stage)
        let runner = Runner(rounds: options.rounds)
        return all.filter { options.only.isEmpty || options.only.contains($0.name) }.map(runner.run)
    }
}
