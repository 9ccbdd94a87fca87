// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
package import Logging

/// Azure Blob Storage.
///
/// A part is a block with an id of fixed width on one blob of the upload; a block list makes the blob. The list is put once:
/// a second one would drop the blocks it does not name, so it carries `If-None-Match: *`, and a list that is refused because
/// the blob is there makes the blob doubtful, which is then read once.
package struct AzureService: ObjectService, KeepsSecrets {
    let signer: AzureSigner
    let keys: KeySpace
    let transport: CloudTransport
    private let options: AzureOptions

    package var name: String { "azure" }

    /// "Scalability and performance targets for Blob storage": blocks of at most 4,000 MiB, at most 50,000 in a list.
    package var rules: ObjectRules {
        ObjectRules(
            smallestPiece: 1, partBytes: options.chunkBytes, highestNumber: 50_000, largestObject: 4_000 << 20,
            checksums: .md5)
    }

    package init(
        _ options: AzureOptions, _ transport: TransportOptions = TransportOptions(), logger: Logger
    ) throws(BlobStorageError) {
        self.options = options
        self.transport = try CloudTransport(transport, logger: logger)
        signer = AzureSigner(options)
        keys = KeySpace(folder: options.rootDirectory)
    }

    package func size(of location: BlobLocation) async throws(BlobStorageError) -> Int64? {
        do throws(CloudFailure) {
            let answer = try await send("head", [200], "HEAD", keys.key(location))
            await answer.discard()
            return answer.contentLength
        } catch {
            if error.isAbsentBlob { return nil }
            throw error.azureError("head")
        }
    }

    package func read(
        _ location: BlobLocation, from offset: Int64
    ) async throws(BlobStorageError) -> ObjectStream {
        let range = offset > 0 ? [(name: "Range", value: "bytes=\(offset)-")] : []
        let answer: CloudAnswer
        do throws(CloudFailure) {
            answer = try await send("get", [200, 206], "GET", keys.key(location), headers: range)
        } catch { throw error.azureError("get") }
        return try ObjectStream(answer, from: offset)
    }

    package func delete(_ objects: [DoomedObject]) async -> [DeleteOutcome] {
        await EachAlone.delete(objects) { object in
            do throws(CloudFailure) {
                let key = keys.key(object.location)
                if object.kind == .multipart { try await deleteBlocks(key) } else { _ = try await deleteBlob(key) }
                return .gone
            } catch {
                return .failed(error.azureError("delete"))
            }
        }
    }

    package func list(after mark: String?) async throws(BlobStorageError) -> ObjectPage {
        var query = [("restype", "container"), ("comp", "list"), ("prefix", keys.prefix + CloudNames.prefix + "/")]
        if let mark { query.append(("marker", mark)) }
        let bytes: [UInt8]
        do throws(CloudFailure) {
            bytes = try await transport.collect("azure list", wanted: [200]) { () throws(CloudFailure) in
                signer.request("GET", nil, query: query, at: transport.time)
            }.body
        } catch { throw error.azureError("list") }
        guard let document = try? XMLDocument(parsing: bytes), let blobs = document["Blobs"] else {
            throw .unreachable("azure list: the answer is no list")
        }
        let next = document["NextMarker"]?.text ?? ""
        return ObjectPage(entries: blobs.all("Blob").compactMap(entry), next: next.isEmpty ? nil : next)
    }

    private func entry(_ blob: XMLDocument) -> ObjectPage.Entry? {
        guard let location = keys.location(blob["Name"]?.text ?? ""), let properties = blob["Properties"],
            let size = properties["Content-Length"].flatMap({ Int64($0.text) }),
            let modified = properties["Last-Modified"].flatMap({ UTCTime(httpDate: $0.text) })
        else { return nil }
        return ObjectPage.Entry(location: location, size: size, modified: modified.microseconds)
    }

    package func signedURL(of location: BlobLocation) async -> String? {
        let end = UTCTime(seconds: transport.time.seconds + options.addressLife)
        return signer.readingAddress(of: keys.key(location), until: end)
    }

    package func close() async { await transport.close() }

    func send(
        _ call: String, _ wanted: Set<Int>, _ method: String, _ key: String?, query: [(String, String)] = [],
        headers: [(name: String, value: String)] = [], body: CloudRequest.Body = .none
    ) async throws(CloudFailure) -> CloudAnswer {
        try await transport.send("azure \(call)", wanted: wanted) { () throws(CloudFailure) in
            signer.request(method, key, query: query, headers: headers, body: body, at: transport.time)
        }
    }
}

extension CloudFailure {
    /// Whether the store said that there is no such blob, and not that the container is missing.
    var isAbsentBlob: Bool { status == 404 && code != "ContainerNotFound" }

    /// The failure in the terms of the store's callers.
    func azureError(_ call: String) -> BlobStorageError {
        if case .answered(let status, let code, _) = self, code.hasPrefix("Container") || code.hasPrefix("Account") {
            return .refused("azure \(call): \(status) \(code)")
        }
        return storageError("azure \(call)")
    }
}
