// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import Synchronization

extension OSSDouble {
    /// PutObject.
    func put(_ key: String, _ request: DoubleRequest) -> DoubleAnswer {
        if let refused = refusedContent(request) { return refused }
        return state.withLock { state in
            if request.header("x-oss-forbid-overwrite") == "true", state.objects[key] != nil {
                return failure(409, "FileAlreadyExists")
            }
            let object = object(request)
            return store(object, as: key, &state) ?? DoubleAnswer(200, [("ETag", object.etag)])
        }
    }

    /// GetObject and HeadObject.
    func get(_ key: String, _ request: DoubleRequest) -> DoubleAnswer {
        guard let object = state.withLock({ $0.objects[key] }) else { return failure(404, "NoSuchKey") }
        let match = request.header("If-Match")
        guard match.isEmpty || match == object.etag else { return failure(412, "PreconditionFailed") }
        var headers = [
            ("ETag", object.etag), ("Last-Modified", DoubleDate.http(object.modified)), ("Accept-Ranges", "bytes"),
            ("Content-Type", request.item("response-content-type") ?? object.type), ("x-oss-object-type", "Normal"),
            ("x-oss-storage-class", "Standard"),
        ]
        if let disposition = request.item("response-content-disposition") {
            headers.append(("Content-Disposition", disposition))
        }
        if request.method == "HEAD" { return DoubleAnswer(200, headers, body: object.content) }
        return DoubleAnswer.range(request.header("Range"), of: object.content, headers)
            ?? failure(416, "InvalidRange")
    }

    /// DeleteMultipleObjects: absent objects count as deleted.
    func deleteObjects(_ request: DoubleRequest) -> DoubleAnswer {
        guard !request.header("Content-MD5").isEmpty else { return failure(400, "MissingArgument") }
        if let refused = refusedContent(request) { return refused }
        let keys = DoubleXML.leaves(["Key"], in: request.text).map(\.text)
        guard (1...1_000).contains(keys.count) else { return failure(400, "MalformedXML") }
        state.withLock { state in keys.forEach { state.objects[$0] = nil } }
        let isQuiet = DoubleXML.leaves(["Quiet"], in: request.text).first?.text == "true"
        let deleted = keys.map { "<Deleted>\(DoubleXML.element("Key", $0))</Deleted>" }.joined()
        return xml(200, "<DeleteResult>\(isQuiet ? "" : deleted)</DeleteResult>")
    }

    /// ListObjectsV2, in order of name.
    func list(_ request: DoubleRequest) -> DoubleAnswer {
        let prefix = request.item("prefix") ?? ""
        let token = request.item("continuation-token").flatMap { Data(base64Encoded: $0) }
        let after = token.map { String(decoding: $0, as: UTF8.self) } ?? request.item("start-after") ?? ""
        let limit = request.item("max-keys").flatMap { Int($0) } ?? 100
        guard (1...1_000).contains(limit) else { return failure(400, "InvalidArgument") }
        let isCoded = request.item("encoding-type") == "url"
        func name(_ text: String) -> String { isCoded ? Percent.encoded(text) : text }
        let found = state.withLock { state in
            state.objects.filter { $0.key.hasPrefix(prefix) && $0.key > after }.sorted { $0.key < $1.key }
        }
        let isTruncated = found.count > limit
        let entries = found.prefix(limit).map { key, object in
            "<Contents>\(DoubleXML.element("Key", name(key)))"
                + DoubleXML.element("LastModified", DoubleDate.iso(object.modified))
                + DoubleXML.element("ETag", object.etag) + DoubleXML.element("Type", "Normal")
                + DoubleXML.element("Size", object.content.readableBytes)
                + DoubleXML.element("StorageClass", "Standard") + "</Contents>"
        }
        return xml(
            200,
            "<ListBucketResult>" + DoubleXML.element("Name", bucket) + DoubleXML.element("Prefix", name(prefix))
                + DoubleXML.element("MaxKeys", limit) + (isCoded ? DoubleXML.element("EncodingType", "url") : "")
                + DoubleXML.element("IsTruncated", isTruncated) + entries.joined()
                + DoubleXML.element("KeyCount", min(limit, found.count))
                + (isTruncated ? DoubleXML.element("NextContinuationToken", mark(found[limit - 1].key)) : "")
                + "</ListBucketResult>")
    }

    /// Opaque to clients.
    private func mark(_ key: String) -> String { Data(key.utf8).base64EncodedString() }

    func bucketInfo() -> DoubleAnswer {
        xml(
            200,
            "<BucketInfo><Bucket>" + DoubleXML.element("Name", bucket) + DoubleXML.element("Location", "oss-\(region)")
                + "</Bucket></BucketInfo>")
    }
}

extension OSSDouble {
    /// An object with a request's body.
    func object(_ request: DoubleRequest) -> Object {
        let digest = request.body.md5
        let type = request.header("Content-Type")
        return Object(
            content: request.body, etag: "\"\(digest.map { String(format: "%02X", $0) }.joined())\"",
            modified: Date(), type: type.isEmpty ? "application/octet-stream" : type)
    }

    /// - Returns: The refusal, when there is no room.
    func store(_ object: Object, as key: String, _ state: inout State) -> DoubleAnswer? {
        let others = state.objects.filter { $0.key != key }.reduce(0) { $0 + $1.value.content.readableBytes }
        guard others + object.content.readableBytes <= Self.capacity else { return failure(503, "SlowDown") }
        state.objects[key] = object
        return nil
    }

    /// The checks of a body: its digest, when one was sent, and its length.
    func refusedContent(_ request: DoubleRequest) -> DoubleAnswer? {
        let isChunked = request.header("Transfer-Encoding") == "chunked"
        guard isChunked || !request.header("Content-Length").isEmpty else {
            return failure(411, "MissingContentLength")
        }
        let sent = request.header("Content-MD5")
        return sent.isEmpty || sent == request.body.md5.base64EncodedString() ? nil : failure(400, "InvalidDigest")
    }
}
