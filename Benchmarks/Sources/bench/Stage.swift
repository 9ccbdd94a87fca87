// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The contestants, running, and what they hold to be read.
final class Stage {
    /// One repository serves all readings, another takes the pushes.
    static let application = "\(Haven.project)/app"
    static let pushed = "\(Haven.project)/pushed"

    let options: Options
    let haven: Haven
    let dockerRegistry: DockerRegistry
    let nginx: Nginx
    let limit: WriteLimit
    let folder: String
    /// Random bytes; the first of them change before each push.
    let blobFile: String
    let blobBytes: Int
    /// The large blob that all contestants hold.
    let blobDigest: String
    let manifestDigest: String

    init(_ options: Options) throws {
        self.options = options
        folder = options.folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        progress("starting haven, docker-registry and nginx")
        haven = try Haven(executable: options.haven, folder: "\(folder)/haven")
        dockerRegistry = try DockerRegistry(folder: "\(folder)/docker-registry")
        nginx = try Nginx(folder: "\(folder)/nginx")
        limit = WriteLimit(scratch: folder)
        progress("pushing what will be read")
        blobFile = "\(folder)/blob"
        blobBytes = options.blobMebibytes << 20
        try execute("openssl", ["rand", "-out", blobFile, "\(blobBytes)"])
        try FileManager.default.copyItem(atPath: blobFile, toPath: "\(nginx.root)/blob")
        blobDigest = try limit.hash(blobFile).digest
        let image = try Image.fresh(1, layers: 16, layerBytes: 64, in: folder)[0]
        try Data(image.manifest).write(to: URL(fileURLWithPath: "\(nginx.root)/manifest"))
        manifestDigest = try limit.hash("\(nginx.root)/manifest").digest
        for server in [haven, dockerRegistry] as [any RegistryServer] {
            let pusher = try Pusher(server, Self.application)
            try pusher.push(image, tag: "latest")
            try pusher.put(.file(blobFile), blobDigest)
        }
        _ = FileManager.default.createFile(atPath: "\(folder)/marker", contents: nil)
        try execute("sync", [])
    }

    /// The registry of that name.
    func registry(_ contestant: Contestant) throws -> any RegistryServer {
        switch contestant {
        case .haven: haven
        case .dockerRegistry: dockerRegistry
        case .nginx, .limit: throw BenchmarkFailure("\(contestant.rawValue) is no registry")
        }
    }

    func process(_ contestant: Contestant) throws -> ServerProcess {
        contestant == .nginx ? nginx.process : try registry(contestant).process
    }

    /// A GET that each contestant answers with the same bytes: nginx its file, a registry what lies at `path`.
    func reading(_ contestant: Contestant, file: String, path: String) throws -> LoadRequest {
        if contestant == .nginx { return LoadRequest(port: nginx.port, path: "/\(file)") }
        let server = try registry(contestant)
        let target = "/v2/\(Self.application)/\(path)"
        return LoadRequest(port: server.port, path: target, headers: try server.pullHeaders(for: Self.application))
    }

    /// Gives back the room of measured pushes: their bytes are never read.
    func discardPushedBytes() throws {
        for server in [haven, dockerRegistry] as [any RegistryServer] {
            let large = [
                server.storage, "-path", "*/docker/registry/v2/*", "-type", "f", "-size", "+1M", "-newer",
                "\(folder)/marker",
            ]
            try execute("find", large + ["-exec", "truncate", "-s", "0", "{}", "+"])
        }
    }
}
