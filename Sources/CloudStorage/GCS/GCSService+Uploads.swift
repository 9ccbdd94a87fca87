// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import OCI

extension GCSService {
    package func put(_ bytes: SpooledBytes, at location: BlobLocation) async throws(BlobStorageError) -> String {
        let key = keys.key(location)
        let digest = Base64.encode(bytes.md5)
        let stored: Facts
        do throws(CloudFailure) {
            stored =
                bytes.count <= options.chunkBytes
                ? try await putAtOnce(bytes, key) : try await putInChunks(bytes, key, digest)
        } catch {
            guard error.status == 412 else { throw error.bucketError("put") }
            // The name is taken: by an earlier try of this call, or by somebody who must not have it.
            let found = try await told("stat") { () throws(CloudFailure) in try await facts(of: key) }
            guard let found, found.size == bytes.count, found.md5 == digest else {
                throw .invalid("the name was used before")
            }
            return digest
        }
        guard stored.size == bytes.count, stored.md5 == digest else {
            throw .lost("gcs put: \(location) has other bytes than were sent")
        }
        return digest
    }

    private var uploadPath: String { "/upload/storage/v1/b/\(bucket)/o" }

    private func putAtOnce(_ bytes: SpooledBytes, _ key: String) async throws(CloudFailure) -> Facts {
        let answer = try await ask(
            "put", "POST", uploadPath, query: [("uploadType", "media"), ("name", key), ("ifGenerationMatch", "0")],
            headers: [("Content-Type", "application/octet-stream")], body: .spooled(SpooledBody(bytes)))
        return try Facts.read(answer)
    }

    /// A session that the store lost is begun anew from the first byte: all bytes are still here.
    private func putInChunks(
        _ bytes: SpooledBytes, _ key: String, _ digest: String
    ) async throws(CloudFailure) -> Facts {
        for _ in 0..<2 {
            let session = try await beginSession(key, digest, bytes.count)
            do throws(CloudFailure) { return try Facts.read(try await session.run(bytes)) } catch {
                guard error.status == 404 || error.status == 410 else {
                    await session.cancel()
                    throw error
                }
            }
        }
        throw .unanswered("the store lost two sessions in a row")
    }

    private func beginSession(_ key: String, _ digest: String, _ total: Int64) async throws(CloudFailure) -> GCSSession
    {
        var json = JSONWriter()
        json.beginObject()
        json.key("md5Hash")
        json.string(digest)
        json.endObject()
        let answer = try await send(
            "begin session", [200, 201], "POST", uploadPath,
            query: [("uploadType", "resumable"), ("name", key), ("ifGenerationMatch", "0")],
            headers: [
                ("Content-Type", "application/json"), ("X-Upload-Content-Type", "application/octet-stream"),
                ("X-Upload-Content-Length", "\(total)"),
            ], body: .bytes(json.bytes))
        await answer.discard()
        guard let address = answer.header("location") else { throw .unanswered("the answer has no session") }
        return GCSSession(address: address, transport: transport, chunkBytes: options.chunkBytes)
    }

    /// What stands for a part that was made to be composed with others. Every object could be; but a small first part is
    /// most often the whole blob, and then its object is believed as it stands, without asking the store.
    private static let piece = "piece"

    package func isPiece(_ part: UploadPart) -> Bool { part.etag == Self.piece }

    package func putPiece(
        _ bytes: SpooledBytes, number: Int, base: String, state: String
    ) async throws(BlobStorageError) -> StoredPiece {
        let location = CloudNames.object(base, number)
        _ = try await put(bytes, at: location)
        return StoredPiece(name: location.rawValue, etag: Self.piece, state: state)
    }
}
