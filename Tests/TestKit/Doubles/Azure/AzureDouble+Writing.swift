// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import Synchronization

extension AzureDouble {
    /// Put Blob, for block blobs.
    func putBlob(_ name: String, _ request: DoubleRequest) -> DoubleAnswer {
        guard request.header("x-ms-blob-type") == "BlockBlob" else { return failure(400, "InvalidHeaderValue") }
        if let refused = refusedContent(request) { return refused }
        return state.withLock { state in
            if let refused = condition(request, on: state.blobs[name]) { return refused }
            // A whole blob discards the blocks that waited for a list.
            state.blocks[name] = nil
            state.lists[name] = nil
            // The service digests a whole blob itself; one of blocks has only the digest its writer gives.
            return commit(request.body, as: name, request, md5: md5(request.body), &state)
        }
    }

    /// Put Block.
    func putBlock(_ name: String, _ request: DoubleRequest) -> DoubleAnswer {
        guard let id = request.item("blockid"), let bytes = Data(base64Encoded: id), (1...64).contains(bytes.count)
        else { return failure(400, "InvalidQueryParameterValue") }
        if let refused = refusedContent(request) { return refused }
        guard request.body.readableBytes > 0 else { return failure(400, "InvalidHeaderValue") }
        return state.withLock { state in
            var blocks = state.blocks[name] ?? []
            // The ids of one blob have one length.
            let others = blocks.map(\.id) + (state.lists[name] ?? []).map(\.id)
            guard others.allSatisfy({ $0.utf8.count == id.utf8.count }) else {
                return failure(400, "InvalidBlobOrBlock")
            }
            blocks.removeAll { $0.id == id }
            guard blocks.count < 100_000 else { return failure(409, "BlockCountExceedsLimit") }
            state.blocks[name] = blocks + [(id, request.body)]
            return DoubleAnswer(201, [("Content-MD5", md5(request.body)), ("x-ms-request-server-encrypted", "true")])
        }
    }

    /// Put Block List: the blob becomes exactly these blocks, and every other block is dropped.
    func putBlockList(_ name: String, _ request: DoubleRequest) -> DoubleAnswer {
        if let refused = refusedContent(request) { return refused }
        let wanted = DoubleXML.leaves(["Latest", "Uncommitted", "Committed"], in: request.text)
        guard wanted.count <= 50_000 else { return failure(400, "BlockListTooLong") }
        return state.withLock { state in
            if let refused = condition(request, on: state.blobs[name]) { return refused }
            let waiting = Dictionary(uniqueKeysWithValues: (state.blocks[name] ?? []).map { ($0.id, $0.content) })
            let committed = committedBlocks(name, state)
            var content = ByteBuffer()
            var list: [(id: String, size: Int)] = []
            for block in wanted {
                let found =
                    switch block.name {
                    case "Uncommitted": waiting[block.text]
                    case "Committed": committed[block.text]
                    default: waiting[block.text] ?? committed[block.text]
                    }
                guard let found else { return failure(400, "InvalidBlockList") }
                content.writeImmutableBuffer(found)
                list.append((block.text, found.readableBytes))
            }
            state.blocks[name] = nil
            state.lists[name] = list
            return commit(content, as: name, request, md5: "", &state)
        }
    }

    /// Delete Blob. Blocks without a blob are no blob.
    func deleteBlob(_ name: String) -> DoubleAnswer {
        state.withLock { state in
            guard state.blobs.removeValue(forKey: name) != nil else { return failure(404, "BlobNotFound") }
            state.blocks[name] = nil
            state.lists[name] = nil
            return DoubleAnswer(202, [("x-ms-delete-type-permanent", "true")])
        }
    }
}

extension AzureDouble {
    private func commit(
        _ content: ByteBuffer, as name: String, _ request: DoubleRequest, md5 digest: String, _ state: inout State
    ) -> DoubleAnswer {
        let others = state.blobs.filter { $0.key != name }.reduce(0) { $0 + $1.value.content.readableBytes }
        guard others + content.readableBytes <= Self.capacity else { return failure(503, "ServerBusy") }
        state.changes += 1
        let given = request.header("x-ms-blob-content-md5")
        let blob = Blob(
            content: content, etag: "\"0x8D\(String(state.changes, radix: 16, uppercase: true))\"",
            modified: Date(timeIntervalSinceNow: state.skew), md5: given.isEmpty ? digest : given)
        state.blobs[name] = blob
        return DoubleAnswer(
            201,
            [
                ("ETag", blob.etag), ("Last-Modified", DoubleDate.http(blob.modified)),
                ("Content-MD5", md5(request.body)), ("x-ms-request-server-encrypted", "true"),
            ])
    }

    private func committedBlocks(_ name: String, _ state: State) -> [String: ByteBuffer] {
        var blocks: [String: ByteBuffer] = [:]
        var rest = state.blobs[name]?.content ?? ByteBuffer()
        for block in state.lists[name] ?? [] { blocks[block.id] = rest.readSlice(length: block.size) }
        return blocks
    }

    /// The checks of a body: its digest, when one was sent, and its length.
    private func refusedContent(_ request: DoubleRequest) -> DoubleAnswer? {
        guard !request.header("Content-Length").isEmpty else { return failure(411, "MissingContentLengthHeader") }
        let sent = request.header("Content-MD5")
        return sent.isEmpty || sent == md5(request.body) ? nil : failure(400, "Md5Mismatch")
    }

    /// Conditional headers, "Specifying conditional headers for Blob service operations".
    func condition(_ request: DoubleRequest, on blob: Blob?) -> DoubleAnswer? {
        let isRead = request.method == "GET" || request.method == "HEAD"
        let match = request.header("If-Match")
        if !match.isEmpty, match == "*" ? blob == nil : match != blob?.etag { return failure(412, "ConditionNotMet") }
        let noneMatch = request.header("If-None-Match")
        guard let blob, !noneMatch.isEmpty, noneMatch == "*" || noneMatch == blob.etag else { return nil }
        if isRead { return DoubleAnswer(304, [("x-ms-error-code", "ConditionNotMet")]) }
        return noneMatch == "*" ? failure(409, "BlobAlreadyExists") : failure(412, "ConditionNotMet")
    }

    private func md5(_ bytes: ByteBuffer) -> String {
        bytes.md5.base64EncodedString()
    }
}
