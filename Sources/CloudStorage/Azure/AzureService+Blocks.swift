// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import OCI

extension AzureService {
    package func put(
        _ bytes: SpooledBytes, at location: BlobLocation
    ) async throws(BlobStorageError) -> String {
        let key = keys.key(location)
        let headers =
            Self.content(bytes) + [(name: "x-ms-blob-type", value: "BlockBlob"), (name: "If-None-Match", value: "*")]
        do throws(CloudFailure) {
            let answer = try await send(
                "put blob", [201], "PUT", key, headers: headers, body: .spooled(SpooledBody(bytes)))
            await answer.discard()
            return WireText.bareTag(answer.header("etag") ?? "")
        } catch {
            guard error.isOccupied else { throw error.azureError("put blob") }
            return try await sameBlob(key, as: bytes)
        }
    }

    /// The tag of a blob that was there already, when it has these bytes: then an earlier try was ours.
    private func sameBlob(_ key: String, as bytes: SpooledBytes) async throws(BlobStorageError) -> String {
        let answer: CloudAnswer
        do throws(CloudFailure) { answer = try await send("head", [200], "HEAD", key) } catch {
            throw error.azureError("head")
        }
        await answer.discard()
        let isSame = answer.contentLength == bytes.count && answer.header("content-md5") == Base64.encode(bytes.md5)
        guard isSame else { throw .invalid("the name was used before") }
        return WireText.bareTag(answer.header("etag") ?? "")
    }

    package func isPiece(_ part: UploadPart) -> Bool { !part.name.hasPrefix(CloudNames.prefix) }

    package func putPiece(
        _ bytes: SpooledBytes, number: Int, base: String, state: String
    ) async throws(BlobStorageError) -> StoredPiece {
        do throws(CloudFailure) {
            let answer = try await send(
                "put block", [201], "PUT", keys.key(CloudNames.joined(base)),
                query: [("comp", "block"), ("blockid", Self.blockID(number))], headers: Self.content(bytes),
                body: .spooled(SpooledBody(bytes)))
            await answer.discard()
        } catch { throw error.azureError("put block") }
        return StoredPiece(name: String(number), etag: Base64.encode(bytes.md5), state: Self.hasBlocks)
    }

    package func join(
        _ pieces: [UploadPart], base: String, number: Int, state: String
    ) async throws(BlobStorageError) -> JoinedObject {
        let location = CloudNames.joined(base)
        let list = pieces.map { "<Uncommitted>\(Self.blockID(Int($0.name) ?? 0))</Uncommitted>" }.joined()
        let body = Array("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>\(list)</BlockList>".utf8)
        let headers: [(name: String, value: String)] = [
            ("Content-Type", "application/xml"), ("Content-MD5", Base64.encode(WireText.md5(body))),
            ("If-None-Match", "*"), ("x-ms-blob-content-type", "application/octet-stream"),
        ]
        do throws(CloudFailure) {
            let answer = try await send(
                "put block list", [201], "PUT", keys.key(location), query: [("comp", "blocklist")], headers: headers,
                body: .bytes(body))
            await answer.discard()
            return JoinedObject(location)
        } catch {
            if error.isOccupied { return JoinedObject(location, isDoubtful: true) }
            guard error.code == "InvalidBlockList" else { throw error.azureError("put block list") }
        }
        // The blocks are gone: dropped by the list that made the blob, or by the store, which keeps them for a week.
        guard try await size(of: location) != nil else { throw .lost("blocks of \(location) are missing") }
        return JoinedObject(location, isDoubtful: true)
    }

    package func reserved(base: String, through number: Int, state: String) -> [DoomedObject] {
        // Blocks that no row knows of, because a process died before it published one, vanish by themselves in a week.
        let kind: DoomedObject.Kind = state == Self.hasBlocks ? .multipart : .object
        return CloudNames.objects(base, through: number) + [DoomedObject(CloudNames.joined(base), kind: kind)]
    }

    /// The driver's state of an upload with blocks.
    private static let hasBlocks = "{\"blocks\":true}"

    /// Deletes a blob, or the blocks that nobody made a blob of: they are no blob, so an empty one takes their place first.
    ///
    /// The name is doomed, so nobody may commit the blocks any more. A process that tries all the same either finds the empty
    /// blob, and fails, or makes a blob first, which is then deleted.
    func deleteBlocks(_ key: String) async throws(CloudFailure) {
        if try await deleteBlob(key) { return }
        let headers: [(name: String, value: String)] = [("x-ms-blob-type", "BlockBlob"), ("If-None-Match", "*")]
        do throws(CloudFailure) {
            await (try await send("drop blocks", [201], "PUT", key, headers: headers, body: .bytes([]))).discard()
        } catch  where error.isOccupied {
            // A blob came meanwhile; it goes now.
        }
        _ = try await deleteBlob(key)
    }

    /// - Returns: Whether there was a blob.
    func deleteBlob(_ key: String) async throws(CloudFailure) -> Bool {
        do throws(CloudFailure) {
            // An operator's snapshots would keep the blob.
            let headers = [(name: "x-ms-delete-snapshots", value: "include")]
            await (try await send("delete", [202], "DELETE", key, headers: headers)).discard()
            return true
        } catch  where error.isAbsentBlob { return false }
    }

    /// All ids of one blob must have one length.
    private static func blockID(_ number: Int) -> String {
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, 9 - digits.utf8.count)) + digits
        return Base64.encode(Array(padded.utf8))
    }

    private static func content(_ bytes: SpooledBytes) -> [(name: String, value: String)] {
        [("Content-Type", "application/octet-stream"), ("Content-MD5", Base64.encode(bytes.md5))]
    }
}

extension CloudFailure {
    /// Whether a condition said that the name is taken.
    fileprivate var isOccupied: Bool { status == 412 || (status == 409 && code == "BlobAlreadyExists") }
}
