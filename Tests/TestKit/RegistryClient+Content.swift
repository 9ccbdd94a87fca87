// SPDX-License-Identifier: Apache-2.0

extension RegistryClient {
    /// Begins an upload.
    ///
    /// - Returns: The `Location` to continue at.
    package func beginUpload(to repository: String) async throws -> String {
        let answer = try await send("POST", "/v2/\(repository)/blobs/uploads/")
        guard answer.status == 202, let location = answer["location"] else {
            throw ToolFailure(what: "POST of an upload to \(repository): \(answer)")
        }
        return location
    }

    /// Uploads a blob by POST and PUT.
    package func push(_ blob: TestBlob, to repository: String) async throws {
        let location = try await beginUpload(to: repository)
        let answer = try await send("PUT", location.adding("digest=\(blob.digest)"), body: blob.bytes)
        guard answer.status == 201 else { throw ToolFailure(what: "PUT of a blob to \(repository): \(answer)") }
    }

    /// Gets a blob, from the store itself when the server says so, as clients do.
    package func pullBlob(_ digest: String, from repository: String) async throws -> Answer {
        let answer = try await send("GET", "/v2/\(repository)/blobs/\(digest)")
        guard answer.status == 307, let address = answer["location"] else { return answer }
        return try await send("GET", address, as: .none)
    }

    /// Puts a manifest and shows the answer.
    package func put(
        _ manifest: TestBlob, _ mediaType: String, to repository: String, at reference: String
    ) async throws -> Answer {
        try await send(
            "PUT", "/v2/\(repository)/manifests/\(reference)", ["Content-Type": mediaType], body: manifest.bytes)
    }

    /// Pushes an image: its blobs, then its manifest.
    ///
    /// - Parameter reference: A tag; nil pushes by digest.
    package func push(_ image: TestImage, to repository: String, at reference: String? = nil) async throws {
        for blob in image.blobs { try await push(blob, to: repository) }
        let answer = try await put(
            image.manifest, image.mediaType, to: repository, at: reference ?? image.manifest.digest)
        guard answer.status == 201 else { throw ToolFailure(what: "PUT of a manifest to \(repository): \(answer)") }
    }

    /// Puts a manifest that needs no blobs under a tag of its own, and says how that was answered.
    package func putEmptyIndex(in repository: String, as authorization: Authorization) async throws -> Answer {
        try await send(
            "PUT", "/v2/\(repository)/manifests/probe-\(UInt32.random(in: .min ... .max))",
            ["Content-Type": TestMediaType.index], body: TestImage.index(of: []).bytes, as: authorization)
    }

    /// Pushes an index with all its images.
    ///
    /// - Returns: The index.
    @discardableResult
    package func push(index images: [TestImage], to repository: String, at reference: String) async throws -> TestBlob {
        for image in images { try await push(image, to: repository) }
        let index = TestImage.index(of: images)
        let answer = try await put(index, TestMediaType.index, to: repository, at: reference)
        guard answer.status == 201 else { throw ToolFailure(what: "PUT of an index to \(repository): \(answer)") }
        return index
    }
}

extension String {
    /// This URL with another piece of query.
    package func adding(_ query: String) -> String { self + (contains("?") ? "&" : "?") + query }
}
