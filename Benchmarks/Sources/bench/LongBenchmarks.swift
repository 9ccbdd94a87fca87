// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Large numbers, on Haven alone: docker-registry 2.8 has no pages of tags, walks the disk for a catalog, and collects
/// garbage only while it stands still.
struct LongBenchmarks {
    static let names = ["tags-page", "tags-walk", "catalog-page", "referrers", "collection"]
    let options: Options

    init(_ options: Options) { self.options = options }

    func run() throws -> [Outcome] {
        let stage = try LongStage(options)
        let runner = Runner(rounds: options.rounds)
        let all = lists(stage) + [referrers(stage), collection(stage)]
        return all.filter { options.only.isEmpty || options.only.contains($0.name) }.map(runner.run)
    }

    /// A share of the number that the scenario is about.
    func scaled(_ count: Int) -> Int { max(100, Int(Double(count) * options.scale)) }
}

/// Haven alone, with one image in one repository.
final class LongStage {
    static let repository = "\(Haven.project)/large"

    let haven: Haven
    let folder: String
    let image: Image
    private var filled: Set<String> = []

    init(_ options: Options) throws {
        folder = options.folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        haven = try Haven(executable: options.haven, folder: "\(folder)/haven")
        image = try Image.fresh(1, layers: 5, layerBytes: 10_240, in: folder)[0]
        try Pusher(haven, Self.repository).push(image, tag: "latest")
    }

    /// Runs `fill` the first time that `what` is asked for.
    func once(_ what: String, _ fill: () throws -> Void) throws {
        guard filled.insert(what).inserted else { return }
        progress("filling: \(what)")
        let seconds = try timed(fill).seconds
        progress("filled: \(what), \(decimal(seconds, 1)) s")
    }
}
