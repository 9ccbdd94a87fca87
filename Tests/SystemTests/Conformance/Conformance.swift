// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

/// What the distribution-spec and the clients around it demand, one test for each promise, over HTTP.
///
/// `docs/reference/conformance.md` lists the requirements with the names of these tests.
@Suite("conformance", .haven())
enum Conformance {}

/// A repository of its own for one test, on the suite's server.
struct Bench: Sendable {
    let client: RegistryClient
    let name: String

    init() throws {
        client = try HavenProcess.current.client
        name = "library/t\(UInt64.random(in: .min ... .max))"
    }

    /// A path below the repository.
    func path(_ rest: String) -> String { "/v2/\(name)/\(rest)" }

    func get(_ rest: String, _ headers: [String: String] = [:]) async throws -> Answer {
        try await client.send("GET", path(rest), headers)
    }

    func head(_ rest: String, _ headers: [String: String] = [:]) async throws -> Answer {
        try await client.send("HEAD", path(rest), headers)
    }

    func delete(_ rest: String) async throws -> Answer { try await client.send("DELETE", path(rest)) }

    func put(_ manifest: TestBlob, _ type: String = TestMediaType.manifest, at reference: String) async throws -> Answer
    {
        try await client.put(manifest, type, to: name, at: reference)
    }

    func push(_ blob: TestBlob) async throws { try await client.push(blob, to: name) }
    func push(_ image: TestImage, at tag: String? = nil) async throws {
        try await client.push(image, to: name, at: tag)
    }
    func begin() async throws -> String { try await client.beginUpload(to: name) }
}

/// The two algorithms of registered digests.
enum Algorithm: String, CaseIterable, Sendable {
    case sha256, sha512

    func digest(_ blob: TestBlob) -> String { self == .sha256 ? blob.digest : blob.sha512 }
}
