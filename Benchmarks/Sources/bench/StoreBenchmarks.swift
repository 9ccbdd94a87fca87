// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Large blobs on object stores: both registries on the same server, one at a time. Pulls are measured as both are set up by
/// default, where an answer may send the client to the store, and again with all bytes passing through the registry.
struct StoreBenchmarks {
    static let names = Kind.allCases.flatMap(\.names)

    /// The stores that both registries know and that run here.
    enum Kind: String, CaseIterable {
        case swift, s3

        var names: [String] { ["\(rawValue)-push", "\(rawValue)-pull", "\(rawValue)-pull-through"] }

        func start(in folder: String) throws -> any ObjectStore {
            switch self {
            case .swift: try SwiftServer(folder: folder)
            case .s3: try CephGateway(folder: folder)
            }
        }
    }

    let options: Options

    init(_ options: Options) { self.options = options }

    func run() throws -> [Outcome] {
        try Kind.allCases.filter { options.asksFor($0.names) }.flatMap { kind in
            let stage = try StoreStage(kind, options)
            let runner = Runner(rounds: options.rounds)
            return scenarios(kind, stage).filter { options.asksFor([$0.name]) }.map(runner.run)
        }
    }

    private func scenarios(_ kind: Kind, _ stage: StoreStage) -> [Scenario] {
        let size = "\(options.storeMebibytes) MiB"
        return [
            Scenario(
                name: kind.names[0], title: "blob push of \(size) to \(stage.store.title), streaming PATCH",
                contestants: [.haven, .dockerRegistry], figures: figures, measure: stage.push),
            Scenario(
                name: kind.names[1], title: "blob GET of \(size) from \(stage.store.title), 1 client",
                contestants: [.haven, .dockerRegistry], figures: figures, measure: stage.pull),
            Scenario(
                name: kind.names[2], title: "the same through the registry, no redirect",
                contestants: [.haven, .dockerRegistry], figures: figuresThrough, measure: stage.pullThrough),
        ]
    }

    private var figures: [Figure] {
        [
            Figure(name: "rate", unit: "MiB/s", digits: 1, gates: [.atLeast(1, timesThat: .dockerRegistry)]),
            Figure(name: "CPU", unit: "s/GiB", digits: 2),
        ]
    }

    /// Without a gate: Haven digests what passes, which alone costs more than docker-registry's whole work.
    private var figuresThrough: [Figure] { figures.map { Figure(name: $0.name, unit: $0.unit, digits: $0.digits) } }
}

/// An object store with both registries on it, each with a blob to read.
final class StoreStage {
    private static let repository = "\(Haven.project)/app"

    let store: any ObjectStore
    /// As they are set up by default, and with redirects off.
    private let haven: (plain: Haven, through: Haven)
    private let dockerRegistry: (plain: DockerRegistry, through: DockerRegistry)
    private let file: String
    private let limit: WriteLimit
    private let digest: String
    private let bytes: Int

    init(_ kind: StoreBenchmarks.Kind, _ options: Options) throws {
        let folder = "\(options.folder)/\(kind.rawValue)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        progress("starting the store \(kind.rawValue), haven and docker-registry")
        store = try kind.start(in: "\(folder)/store")
        let store = store
        func makeHaven(_ name: String, _ settings: [String: String]) throws -> Haven {
            try Haven(
                executable: options.haven, folder: "\(folder)/\(name)",
                store: store.havenSettings.merging(settings) { $1 })
        }
        haven = (
            try makeHaven("haven", [:]), try makeHaven("haven-through", ["HAVEN_REGISTRY_STORAGE_REDIRECT": "off"])
        )
        dockerRegistry = (
            try DockerRegistry(
                folder: "\(folder)/docker-registry", store: store.dockerRegistrySettings, redirects: true),
            try DockerRegistry(folder: "\(folder)/docker-registry-through", store: store.dockerRegistrySettings)
        )
        file = "\(folder)/blob"
        bytes = options.storeMebibytes << 20
        limit = WriteLimit(scratch: folder)
        try execute("openssl", ["rand", "-out", file, "\(bytes)"])
        digest = try limit.hash(file).digest
        for server in [haven.plain, haven.through, dockerRegistry.plain] as [any RegistryServer] {
            try Pusher(server, Self.repository).put(.file(file), digest)
        }
    }

    /// Pushes bytes that nobody has, as docker does, and takes them out of the store afterwards.
    func push(_ contestant: Contestant) throws -> [String: Double] {
        try BlobFile.stamp(file)
        let fresh = try limit.hash(file).digest
        let kept = try store.objects()
        let server = try registry(contestant, through: false)
        let pusher = try Pusher(server, Self.repository)
        let body = Body.chunks(try MappedFile(file), size: 32_768)
        let values = try measured(server) { try pusher.patch(body, fresh) }
        try store.delete(try store.objects().subtracting(kept))
        return values
    }

    /// Reads the blob that was there before the first round.
    func pull(_ contestant: Contestant) throws -> [String: Double] {
        try pull(from: registry(contestant, through: false))
    }

    /// The same from a registry that sends all bytes itself.
    func pullThrough(_ contestant: Contestant) throws -> [String: Double] {
        try pull(from: registry(contestant, through: true))
    }

    private func pull(from server: any RegistryServer) throws -> [String: Double] {
        let headers = try server.pullHeaders(for: Self.repository).flatMap { ["-H", "\($0): \($1)"] }
        let url = "http://127.0.0.1:\(server.port)/v2/\(Self.repository)/blobs/\(digest)"
        let arguments = ["-sSfL", "-w", "%{size_download}", "-o", "/dev/null"] + headers + [url]
        return try measured(server) {
            let size = try execute("curl", arguments)
            guard Int(size) == bytes else { throw BenchmarkFailure("curl got \(size) bytes of \(bytes)") }
        }
    }

    private func measured(_ server: any RegistryServer, _ body: () throws -> Void) throws -> [String: Double] {
        let before = server.process.statistics.cpuSeconds
        let seconds = try timed(body).seconds
        let cpu = server.process.statistics.cpuSeconds - before
        return ["rate": Double(bytes) / Double(1 << 20) / seconds, "CPU": cpu / (Double(bytes) / Double(1 << 30))]
    }

    private func registry(_ contestant: Contestant, through: Bool) throws -> any RegistryServer {
        switch contestant {
        case .haven: through ? haven.through : haven.plain
        case .dockerRegistry: through ? dockerRegistry.through : dockerRegistry.plain
        case .nginx, .limit: throw BenchmarkFailure("\(contestant.rawValue) is no registry")
        }
    }
}
