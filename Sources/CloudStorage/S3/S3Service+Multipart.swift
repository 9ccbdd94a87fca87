// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import NIOCore
import OCI

extension S3Service {
    /// What a piece is called: the number it has in its multipart upload. Not a location, which has slashes.
    private static let pieceName = "part "

    package func isPiece(_ part: UploadPart) -> Bool { part.name.hasPrefix(Self.pieceName) }

    package func putPiece(
        _ bytes: SpooledBytes, number: Int, base: String, state: String
    ) async throws(BlobStorageError) -> StoredPiece {
        let upload = try await multipart(of: base, state)
        let call = S3Call(
            "PUT", key: keys.key(CloudNames.joined(base)),
            query: [("partNumber", "\(number)"), ("uploadId", upload)], body: bytes.wireBody)
        let answer = try await told("upload part") { () throws(CloudFailure) in try await send(call) }
        return StoredPiece(
            name: Self.pieceName + "\(number)", etag: Self.tag(of: answer), state: Self.state(of: upload))
    }

    package func join(
        _ pieces: [UploadPart], base: String, number: Int, state: String
    ) async throws(BlobStorageError) -> JoinedObject {
        let location = CloudNames.joined(base)
        guard let upload = Self.upload(in: state) else { throw .lost("the upload has parts and no multipart upload") }
        let parts = pieces.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>&quot;\(xmlEscaped(part.etag))&quot;</ETag></Part>"
        }
        let text = "<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>"
        let call = S3Call(
            "POST", key: keys.key(location), query: [("uploadId", upload)],
            headers: [(name: "content-type", value: "application/xml")], body: .bytes(Array(text.utf8)))
        do throws(CloudFailure) {
            // The head comes early, with 200, and the truth in the body.
            let answer = try await document(try await send(call))
            if answer.name == "Error" {
                throw .answered(
                    status: answer["Code"]?.text == "NoSuchUpload" ? 404 : 500, code: answer["Code"]?.text ?? "",
                    message: answer["Message"]?.text ?? "")
            }
            return JoinedObject(location)
        } catch {
            switch error.code {
            // Somebody completed it before, or does so now: this process, whose answer was lost, or another one. What is
            // there counts when it has the right size and, read once, the right digest. (Ceph's gateway also says InvalidPart
            // when a writer that lost the upload left a part; then nothing is there, and the client begins anew.)
            case "NoSuchUpload", "InvalidPart": return JoinedObject(location, isDoubtful: true)
            case "InvalidPartOrder", "EntityTooSmall": throw .lost("s3 complete: \(error.code ?? "")")
            default: throw error.storageError("s3 complete")
            }
        }
    }

    package func reserved(base: String, through number: Int, state: String) -> [DoomedObject] {
        CloudNames.objects(base, through: number) + [
            DoomedObject(CloudNames.joined(base)),
            // Also those whose id no row knows, because a process died between making one and publishing it.
            DoomedObject(CloudNames.family(base), kind: .multipart, detail: Self.upload(in: state) ?? ""),
        ]
    }

    /// The multipart upload of an upload, begun when there is none yet.
    private func multipart(of base: String, _ state: String) async throws(BlobStorageError) -> String {
        if let upload = Self.upload(in: state) { return upload }
        let call = S3Call(
            "POST", key: keys.key(CloudNames.joined(base)), query: [("uploads", "")], headers: contentHeaders)
        let answer = try await told("begin multipart") { () throws(CloudFailure) in
            try await document(try await send(call))
        }
        guard let upload = answer["UploadId"]?.text, !upload.isEmpty else {
            throw .unreachable("s3 begin multipart: the answer has no UploadId")
        }
        return upload
    }

    private static func state(of upload: String) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.member("upload", upload)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static func upload(in state: String) -> String? {
        (try? JSONValue(parsing: Array(state.utf8)))?["upload"]?.string
    }

    /// Aborts every multipart upload whose key begins with a name.
    func abortMultiparts(_ object: DoomedObject) async -> DeleteOutcome {
        do throws(CloudFailure) {
            let query = [("uploads", ""), ("prefix", keys.key(object.location))]
            let listing = try await document(try await send(S3Call("GET", query: query)))
            for upload in listing.all("Upload") {
                guard let key = upload["Key"]?.text, let id = upload["UploadId"]?.text else { continue }
                try await abort(id, key: key)
            }
            if listing["IsTruncated"]?.text == "true" {
                return .failed(.unreachable("more multipart uploads are open"))
            }
            if !object.detail.isEmpty {
                let base = object.location.rawValue
                try await abort(object.detail, key: keys.key(BlobLocation(rawValue: "\(base)-m")))
            }
            return .gone
        } catch {
            return .failed(error.storageError("s3 abort"))
        }
    }

    private func abort(_ upload: String, key: String) async throws(CloudFailure) {
        let call = S3Call("DELETE", key: key, query: [("uploadId", upload)])
        await (try await send(call, wanted: [200, 204, 404])).discard()
    }
}
