// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import Synchronization

extension AzureDouble {
    /// Get Blob and Get Blob Properties.
    func getBlob(_ name: String, _ request: DoubleRequest) -> DoubleAnswer {
        guard let blob = state.withLock({ $0.blobs[name] }) else { return failure(404, "BlobNotFound") }
        if let refused = condition(request, on: blob) { return refused }
        var headers = [
            ("ETag", blob.etag), ("Last-Modified", DoubleDate.http(blob.modified)), ("Accept-Ranges", "bytes"),
            ("x-ms-blob-type", "BlockBlob"), ("x-ms-creation-time", DoubleDate.http(blob.modified)),
            ("x-ms-lease-status", "unlocked"), ("x-ms-lease-state", "available"),
            ("x-ms-server-encrypted", "true"),
            ("Content-Type", request.item("rsct") ?? "application/octet-stream"),
        ]
        if let disposition = request.item("rscd") { headers.append(("Content-Disposition", disposition)) }
        if let control = request.item("rscc") { headers.append(("Cache-Control", control)) }
        let range = request.header("x-ms-range").isEmpty ? request.header("Range") : request.header("x-ms-range")
        if !blob.md5.isEmpty {
            // The digest of the whole blob has this name beside a part of it.
            let isWhole = request.method == "HEAD" || range.isEmpty
            headers.append((isWhole ? "Content-MD5" : "x-ms-blob-content-md5", blob.md5))
        }
        if request.method == "HEAD" { return DoubleAnswer(200, headers, body: blob.content) }
        return DoubleAnswer.range(range, of: blob.content, headers) ?? failure(416, "InvalidRange")
    }

    /// Get Block List.
    func blockList(_ name: String, _ request: DoubleRequest) -> DoubleAnswer {
        let kind = request.item("blocklisttype") ?? "committed"
        return state.withLock { state in
            guard state.blobs[name] != nil || state.blocks[name] != nil else { return failure(404, "BlobNotFound") }
            let committed = (state.lists[name] ?? []).map { block($0.id, $0.size) }.joined()
            let waiting = (state.blocks[name] ?? []).map { block($0.id, $0.content.readableBytes) }.joined()
            var text = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>"
            if kind != "uncommitted" { text += "<CommittedBlocks>\(committed)</CommittedBlocks>" }
            if kind != "committed" { text += "<UncommittedBlocks>\(waiting)</UncommittedBlocks>" }
            return xml(text + "</BlockList>")
        }
    }

    private func block(_ id: String, _ size: Int) -> String {
        "<Block>\(DoubleXML.element("Name", id))\(DoubleXML.element("Size", size))</Block>"
    }

    /// List Blobs, in order of name.
    func list(_ request: DoubleRequest) -> DoubleAnswer {
        let prefix = request.item("prefix") ?? ""
        let marker = request.item("marker") ?? ""
        let limit = request.item("maxresults").flatMap { Int($0) } ?? 5_000
        guard (1...5_000).contains(limit) else { return failure(400, "OutOfRangeQueryParameterValue") }
        let found = state.withLock { state in
            state.blobs.filter { $0.key.hasPrefix(prefix) && $0.key >= marker }.sorted { $0.key < $1.key }
        }
        let entries = found.prefix(limit).map { entry($0.key, $0.value) }.joined()
        // The marker is opaque to clients; here it is the first name of the next page.
        let next = found.count > limit ? found[limit].key : ""
        return xml(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
                + "<EnumerationResults ServiceEndpoint=\"\(endpoint)\" ContainerName=\"\(container)\">"
                + DoubleXML.element("Prefix", prefix) + DoubleXML.element("MaxResults", limit)
                + "<Blobs>\(entries)</Blobs>" + DoubleXML.element("NextMarker", next) + "</EnumerationResults>")
    }

    private func entry(_ name: String, _ blob: Blob) -> String {
        "<Blob>\(DoubleXML.element("Name", name))<Properties>"
            + DoubleXML.element("Creation-Time", DoubleDate.http(blob.modified))
            + DoubleXML.element("Last-Modified", DoubleDate.http(blob.modified))
            + DoubleXML.element("Etag", blob.etag.filter { $0 != "\"" })
            + DoubleXML.element("Content-Length", blob.content.readableBytes)
            + DoubleXML.element("Content-Type", "application/octet-stream")
            + DoubleXML.element("BlobType", "BlockBlob") + DoubleXML.element("LeaseStatus", "unlocked")
            + DoubleXML.element("LeaseState", "available") + "</Properties></Blob>"
    }

    private func xml(_ text: String) -> DoubleAnswer {
        DoubleAnswer(200, [("Content-Type", "application/xml")], body: ByteBuffer(string: text))
    }
}
