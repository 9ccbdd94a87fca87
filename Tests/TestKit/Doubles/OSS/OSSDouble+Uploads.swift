// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import Synchronization

extension OSSDouble {
    /// InitiateMultipartUpload.
    func initiate(_ key: String, _ request: DoubleRequest) -> DoubleAnswer {
        let upload = id() + id()
        state.withLock { $0.uploads[upload] = Upload(key: key, begun: Date()) }
        return xml(
            200,
            "<InitiateMultipartUploadResult>" + DoubleXML.element("Bucket", bucket) + DoubleXML.element("Key", key)
                + DoubleXML.element("UploadId", upload) + "</InitiateMultipartUploadResult>")
    }

    /// UploadPart.
    func putPart(_ upload: String, _ key: String, _ request: DoubleRequest) -> DoubleAnswer {
        guard let number = Int(request.item("partNumber") ?? ""), (1...10_000).contains(number) else {
            return failure(400, "InvalidArgument")
        }
        if let refused = refusedContent(request) { return refused }
        return state.withLock { state in
            guard state.uploads[upload]?.key == key else { return failure(404, "NoSuchUpload") }
            let part = object(request)
            state.uploads[upload]?.parts[number] = part
            return DoubleAnswer(200, [("ETag", part.etag)])
        }
    }

    /// CompleteMultipartUpload: the object becomes exactly the parts of the list, and the upload ends.
    func complete(_ upload: String, _ key: String, _ request: DoubleRequest) -> DoubleAnswer {
        let leaves = DoubleXML.leaves(["PartNumber", "ETag"], in: request.text)
        let numbers = leaves.filter { $0.name == "PartNumber" }.compactMap { Int($0.text) }
        let etags = leaves.filter { $0.name == "ETag" }.map(\.text)
        guard !numbers.isEmpty, numbers.count == etags.count else { return failure(400, "MalformedXML") }
        guard zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else { return failure(400, "InvalidPartOrder") }
        return state.withLock { state in
            guard let open = state.uploads[upload], open.key == key else { return failure(404, "NoSuchUpload") }
            var content = ByteBuffer()
            for (place, number) in numbers.enumerated() {
                guard let part = open.parts[number], bare(part.etag) == bare(etags[place]) else {
                    return failure(400, "InvalidPart")
                }
                let isLast = place == numbers.count - 1
                guard isLast || part.content.readableBytes >= Self.smallestPart else {
                    return failure(400, "EntityTooSmall")
                }
                content.writeImmutableBuffer(part.content)
            }
            if request.header("x-oss-forbid-overwrite") == "true", state.objects[key] != nil {
                return failure(409, "FileAlreadyExists")
            }
            let digest = content.md5
            let etag = "\"\(digest.map { String(format: "%02X", $0) }.joined())-\(numbers.count)\""
            let object = Object(content: content, etag: etag, modified: Date(), type: "application/octet-stream")
            if let refused = store(object, as: key, &state) { return refused }
            state.uploads[upload] = nil
            return xml(
                200,
                "<CompleteMultipartUploadResult>" + DoubleXML.element("Bucket", bucket)
                    + DoubleXML.element("Key", key) + DoubleXML.element("ETag", etag)
                    + "</CompleteMultipartUploadResult>")
        }
    }

    private func bare(_ etag: String) -> String { etag.filter { $0 != "\"" }.uppercased() }

    /// AbortMultipartUpload.
    func abort(_ upload: String, _ key: String) -> DoubleAnswer {
        state.withLock { state in
            guard state.uploads[upload]?.key == key else { return failure(404, "NoSuchUpload") }
            state.uploads[upload] = nil
            return DoubleAnswer(204)
        }
    }

    /// ListParts.
    func listParts(_ upload: String, _ key: String, _ request: DoubleRequest) -> DoubleAnswer {
        let after = Int(request.item("part-number-marker") ?? "") ?? 0
        let limit = Int(request.item("max-parts") ?? "") ?? 1_000
        guard let open = state.withLock({ $0.uploads[upload] }), open.key == key else {
            return failure(404, "NoSuchUpload")
        }
        let parts = open.parts.filter { $0.key > after }.sorted { $0.key < $1.key }
        let entries = parts.prefix(limit).map { number, part in
            "<Part>\(DoubleXML.element("PartNumber", number))"
                + DoubleXML.element("LastModified", DoubleDate.iso(part.modified))
                + DoubleXML.element("ETag", part.etag)
                + DoubleXML.element("Size", part.content.readableBytes) + "</Part>"
        }
        return xml(
            200,
            "<ListPartsResult>" + DoubleXML.element("Bucket", bucket) + DoubleXML.element("Key", key)
                + DoubleXML.element("UploadId", upload) + DoubleXML.element("PartNumberMarker", after)
                + DoubleXML.element("NextPartNumberMarker", parts.prefix(limit).last?.key ?? after)
                + DoubleXML.element("MaxParts", limit) + DoubleXML.element("IsTruncated", parts.count > limit)
                + entries.joined() + "</ListPartsResult>")
    }

    /// ListMultipartUploads, in order of key and then of upload.
    func listUploads(_ request: DoubleRequest) -> DoubleAnswer {
        let prefix = request.item("prefix") ?? ""
        let marker = (request.item("key-marker") ?? "", request.item("upload-id-marker") ?? "")
        let limit = Int(request.item("max-uploads") ?? "") ?? 1_000
        let isCoded = request.item("encoding-type") == "url"
        func name(_ text: String) -> String { isCoded ? Percent.encoded(text) : text }
        let found = state.withLock { $0.uploads }
            .filter { $0.value.key.hasPrefix(prefix) && ($0.value.key, $0.key) > marker }
            .sorted { ($0.value.key, $0.key) < ($1.value.key, $1.key) }
        let entries = found.prefix(limit).map { upload, open in
            "<Upload>\(DoubleXML.element("Key", name(open.key)))\(DoubleXML.element("UploadId", upload))"
                + DoubleXML.element("Initiated", DoubleDate.iso(open.begun)) + "</Upload>"
        }
        let last = found.prefix(limit).last
        return xml(
            200,
            "<ListMultipartUploadsResult>" + DoubleXML.element("Bucket", bucket)
                + (isCoded ? DoubleXML.element("EncodingType", "url") : "")
                + DoubleXML.element("KeyMarker", name(marker.0)) + DoubleXML.element("UploadIdMarker", marker.1)
                + DoubleXML.element("NextKeyMarker", name(last?.value.key ?? ""))
                + DoubleXML.element("NextUploadIdMarker", last?.key ?? "")
                + DoubleXML.element("MaxUploads", limit) + DoubleXML.element("IsTruncated", found.count > limit)
                + entries.joined() + "</ListMultipartUploadsResult>")
    }
}
