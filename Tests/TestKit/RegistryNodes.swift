// SPDX-License-Identifier: Apache-2.0
package import Access
package import BlobStorage
package import Cache
import Foundation
import Lifecycle
import Logging
package import Metadata
package import NIOCore
package import OCI
package import Registry
import SQLStorage

/// Several registry services over one database and one store, as nodes of a cluster are, without HTTP and without processes.
package struct RegistryNodes: Sendable {
    package let metadata: MetadataStore
    package let blobs: any BlobStore
    package let access: AccessService
    /// The nodes; any request may go to any of them.
    package let nodes: [RegistryService]

    /// Any node, where it does not matter which.
    package var registry: RegistryService { nodes[0] }

    /// Runs a test on fresh nodes and throws their data away.
    ///
    /// - Parameters:
    ///   - count: How many nodes.
    ///   - blobs: The store they share.
    ///   - policy: Bounds and times of each.
    ///   - shared: What they remember together.
    package static func with<Result>(
        _ count: Int = 1, blobs: any BlobStore = MemoryBlobStore(), policy: RegistryPolicy = RegistryPolicy(),
        shared: SealedCache? = nil, _ body: (RegistryNodes) async throws -> Result
    ) async throws -> Result {
        try await TestDatabase.chosen.with { database in
            try await Migrator(database).migrate()
            let metadata = MetadataStore(database: database)
            var settings = AccessSettings()
            settings.passwordRounds = 1_000
            let access = AccessService(metadata: metadata, secretKey: .ephemeral(), settings: settings)
            _ = try await access.prepare(adminPassword: password)
            let nodes = (0..<count).map { _ in
                RegistryService(
                    metadata: metadata, blobs: blobs, rules: [ImmutableTagRule()], policy: policy,
                    shared: shared, logger: Logger(label: "test"))
            }
            let result = try await body(RegistryNodes(metadata: metadata, blobs: blobs, access: access, nodes: nodes))
            for node in nodes { await node.close() }
            return result
        }
    }

    private static let password = "Correct-horse-1"

    /// A caller known by name and password; `admin` exists from the start.
    package func caller(_ name: String = "admin") async throws -> Caller {
        let credentials = Data("\(name):\(Self.password)".utf8).base64EncodedString()
        return try await access.identify(authorization: "Basic \(credentials)", address: "127.0.0.1")
    }

    /// Makes an account without any rights.
    package func makeUser(_ name: String) async throws {
        try await access.createUser(name: name, password: Self.password, isAdmin: false)
    }

    /// Leave for a caller in a repository.
    package func permit<P: Permission>(
        _ permission: P.Type, _ name: RepositoryName = .app, as user: String = "admin"
    ) async throws -> Permit<P> {
        try await access.authorize(P.self, on: name, as: try await caller(user))
    }

    /// Pushes a blob in one go.
    @discardableResult
    package func push(_ content: [UInt8], to name: RepositoryName = .app, node: Int = 0) async throws -> Digest {
        let digest = Digest.sha256(of: content)
        try await nodes[node].push(digest, permit(Push.self, name), body: content.stream())
        return digest
    }

    /// Pushes an image of a config and one layer, both made of `seed`.
    @discardableResult
    package func pushImage(
        _ seed: String, to name: RepositoryName = .app, at reference: Reference, node: Int = 0
    ) async throws -> Digest {
        let contents = [Array("{\"seed\":\"\(seed)\"}".utf8), Array("layer of \(seed)".utf8)]
        let config = try await push(contents[0], to: name, node: node)
        let layer = try await push(contents[1], to: name, node: node)
        let push = ManifestPush(
            bytes: ManifestText.image(
                config: config, layers: [layer], sizes: [config: contents[0].count, layer: contents[1].count]),
            contentType: MediaType.imageManifest.description,
            reference: reference)
        return try await nodes[node].putManifest(push, permit(Push.self, name)).digest
    }
}

extension RepositoryName {
    /// The repository of tests that need only one.
    package static var app: RepositoryName {
        // A name of the grammar, so the initialiser cannot fail.
        RepositoryName("library/app")!
    }
}

/// Manifests as clients write them.
package enum ManifestText {
    /// An image manifest.
    ///
    /// - Parameter sizes: The sizes of config and layers in bytes; what is not in it has one byte.
    package static func image(
        config: Digest, layers: [Digest], sizes: [Digest: Int] = [:], subject: Digest? = nil, annotation: String = ""
    ) -> [UInt8] {
        let layerType = "application/vnd.oci.image.layer.v1.tar"
        let layerTexts = layers.map { descriptor(layerType, $0, sizes[$0] ?? 1) }.joined(separator: ",")
        let subjectText = subject.map { ",\"subject\":\(descriptor(MediaType.imageManifest.description, $0))" } ?? ""
        return Array(
            """
            {"schemaVersion":2,"mediaType":"\(MediaType.imageManifest)","config":\
            \(descriptor(MediaType.imageConfig.description, config, sizes[config] ?? 1)),"layers":[\(layerTexts)]\(subjectText),\
            "annotations":{"note":"\(annotation)"}}
            """.utf8)
    }

    /// An index over manifests.
    package static func index(_ manifests: [Digest]) -> [UInt8] {
        let entries = manifests.map { descriptor(MediaType.imageManifest.description, $0) }.joined(separator: ",")
        return Array("{\"schemaVersion\":2,\"mediaType\":\"\(MediaType.imageIndex)\",\"manifests\":[\(entries)]}".utf8)
    }

    private static func descriptor(_ type: String, _ digest: Digest, _ size: Int = 1) -> String {
        "{\"mediaType\":\"\(type)\",\"digest\":\"\(digest)\",\"size\":\(size)}"
    }
}

/// Why a test's body broke off.
package struct BrokenOff: Error {
    package init() {}
}

extension [UInt8] {
    /// The bytes as a request's body, in chunks.
    ///
    /// - Parameter breaksOff: Whether the client leaves after them, instead of ending the body.
    package func stream(chunk: Int = 1 << 16, breaksOff: Bool = false) -> AsyncThrowingStream<ByteBuffer, any Error> {
        AsyncThrowingStream { continuation in
            var rest = self[...]
            while !rest.isEmpty {
                continuation.yield(ByteBuffer(bytes: rest.prefix(chunk)))
                rest = rest.dropFirst(chunk)
            }
            continuation.finish(throwing: breaksOff ? BrokenOff() : nil)
        }
    }
}

extension RegistryNodes {
    /// The bytes `library` is charged with.
    package func usage() async throws -> Int64 {
        try await metadata.read { transaction in
            let rows = try transaction.sql.rows("SELECT SUM(used) FROM project_usage")
            return rows[0].integer(0)
        }
    }

    /// How many rows a table has.
    package func count(_ table: String) async throws -> Int64 {
        try await metadata.read { transaction in
            try transaction.sql.rows("SELECT COUNT(*) FROM \(SQLFragment(raw: table))")[0].integer(0)
        }
    }
}
