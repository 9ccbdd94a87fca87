// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
package import Logging
import OCI

/// Google Cloud Storage, through its JSON API.
///
/// A part is an object of its own, written by one resumable session that never leaves its writer. Parts are composed, at
/// most 32 at a time, into an object under a reserved name; they and what lies between are doomed. Every object is made with
/// `ifGenerationMatch=0`, so that a repeated call meets what it made before and compares it, and never writes over it.
package struct GCSService: ObjectService {
    let options: GCSOptions
    let transport: CloudTransport
    let keys: KeySpace
    private let account: GoogleAccount
    private let tokens: GoogleTokens

    package var name: String { "gcs" }

    package var rules: ObjectRules {
        ObjectRules(
            smallestPiece: 1, partBytes: options.partBytes, highestNumber: 1_000_000, largestObject: 5 << 40,
            checksums: .md5)
    }

    package init(
        _ options: GCSOptions, _ transport: TransportOptions = TransportOptions(), logger: Logger
    ) throws(BlobStorageError) {
        guard let account = options.account else { throw .invalid("gcs: no account") }
        self.options = options
        self.account = account
        var transport = transport
        transport.userAgent = options.userAgent ?? transport.userAgent
        self.transport = try CloudTransport(transport, logger: logger)
        tokens = GoogleTokens(account, self.transport)
        keys = KeySpace(folder: options.rootDirectory)
    }

    package func close() async { await transport.close() }

    package func size(of location: BlobLocation) async throws(BlobStorageError) -> Int64? {
        try await told("stat") { () throws(CloudFailure) in try await facts(of: keys.key(location))?.size }
    }

    package func read(_ location: BlobLocation, from offset: Int64) async throws(BlobStorageError) -> ObjectStream {
        let range = offset > 0 ? [(name: "Range", value: "bytes=\(offset)-")] : []
        let answer = try await told("get") { () throws(CloudFailure) in
            try await send(
                "get", [200, 206], "GET", object(keys.key(location)), query: [("alt", "media")], headers: range)
        }
        return try ObjectStream(answer, from: offset)
    }

    package func delete(_ objects: [DoomedObject]) async -> [DeleteOutcome] {
        await EachAlone.delete(objects) { object in
            do throws(CloudFailure) {
                let key = keys.key(object.location)
                switch object.kind {
                case .multipart: try await deleteAll(beginning: key + "-")
                case .object, .segmented: try await delete(key)
                }
                return .gone
            } catch {
                return .failed(error.gcsError("delete"))
            }
        }
    }

    private func delete(_ key: String) async throws(CloudFailure) {
        do throws(CloudFailure) {
            await (try await send("delete", [200, 204], "DELETE", object(key))).discard()
        } catch  where error.isAbsentObject {
            // Absent is what was wanted.
        }
    }

    /// Deletes what a listing shows, which here is never late.
    private func deleteAll(beginning prefix: String) async throws(CloudFailure) {
        var mark: String?
        repeat {
            let page = try await page(prefix, after: mark)
            for item in page.items { try await delete(item.name) }
            mark = page.next
        } while mark != nil
    }

    package func list(after mark: String?) async throws(BlobStorageError) -> ObjectPage {
        let page: Page
        do throws(CloudFailure) {
            page = try await self.page(keys.prefix + CloudNames.prefix + "/", after: mark)
        } catch { throw error.bucketError("list") }
        return ObjectPage(
            entries: page.items.compactMap { item in
                keys.location(item.name).map {
                    ObjectPage.Entry(location: $0, size: item.size, modified: item.modified)
                }
            }, next: page.next)
    }

    package func signedURL(of location: BlobLocation) async -> String? {
        try? GoogleSignature(account: account, endpoint: options.endpoint)
            .readingAddress(bucket: options.bucket, key: keys.key(location), seconds: options.addressLife, at: .now)
    }
}

extension GCSService {
    /// What the store says of an object.
    struct Facts: Sendable {
        var size: Int64
        /// In base64; empty for composed objects, which have none.
        var md5: String

        init?(_ json: JSONValue) {
            // Sizes are texts, for they may exceed what JSON readers take for exact; emulators write numbers.
            guard let size = json["size"]?.string.flatMap({ Int64($0) }) ?? json["size"]?.integer else { return nil }
            self.size = size
            md5 = json["md5Hash"]?.string ?? ""
        }

        /// - Throws: ``CloudFailure/unanswered(_:)`` for what describes no object.
        static func read(_ json: JSONValue) throws(CloudFailure) -> Facts {
            guard let facts = Facts(json) else { throw .unanswered("the answer has no size") }
            return facts
        }
    }

    private struct Item: Sendable {
        var name: String
        var size: Int64
        var modified: Int64
    }

    private struct Page: Sendable {
        var items: [Item]
        var next: String?
    }

    private func page(_ prefix: String, after mark: String?) async throws(CloudFailure) -> Page {
        var query = [
            ("prefix", prefix), ("maxResults", "1000"), ("fields", "nextPageToken,items(name,size,updated)"),
        ]
        if let mark { query.append(("pageToken", mark)) }
        let json = try await ask("list", "GET", "/storage/v1/b/\(bucket)/o", query: query)
        let items = (json["items"]?.array ?? []).compactMap { item -> Item? in
            guard let name = item["name"]?.string, let facts = Facts(item) else { return nil }
            let modified = item["updated"]?.string.flatMap { UTCTime(iso8601: $0) }?.microseconds ?? 0
            return Item(name: name, size: facts.size, modified: modified)
        }
        return Page(items: items, next: json["nextPageToken"]?.string)
    }

    /// Nil when there is no such object.
    func facts(of key: String) async throws(CloudFailure) -> Facts? {
        do throws(CloudFailure) {
            return try Facts.read(try await ask("stat", "GET", object(key), query: [("fields", "size,md5Hash")]))
        } catch {
            if error.isAbsentObject { return nil }
            throw error
        }
    }

    /// Sends a call whose answer is JSON.
    func ask(
        _ call: String, _ method: String, _ path: String, query: [(String, String)] = [],
        headers: [(name: String, value: String)] = [], body: CloudRequest.Body = .none
    ) async throws(CloudFailure) -> JSONValue {
        let bytes = try await authorized { (token) throws(CloudFailure) in
            try await transport.collect("gcs \(call)", wanted: [200]) { () throws(CloudFailure) in
                request(method, path, query, headers, body, token)
            }.body
        }
        do { return try JSONValue(parsing: bytes) } catch { throw .unanswered("the answer is no JSON: \(error)") }
    }

    var bucket: String { WireText.percentEncoded(options.bucket) }

    /// The path of an object's metadata; slashes in its name are encoded, too.
    func object(_ key: String) -> String { "/storage/v1/b/\(bucket)/o/\(WireText.percentEncoded(key))" }

    /// Sends a call whose answer is no JSON, or shall be read as it comes.
    func send(
        _ call: String, _ wanted: Set<Int>, _ method: String, _ path: String, query: [(String, String)] = [],
        headers: [(name: String, value: String)] = [], body: CloudRequest.Body = .none
    ) async throws(CloudFailure) -> CloudAnswer {
        try await authorized { (token) throws(CloudFailure) in
            try await transport.send("gcs \(call)", wanted: wanted) { () throws(CloudFailure) in
                request(method, path, query, headers, body, token)
            }
        }
    }

    private func request(
        _ method: String, _ path: String, _ query: [(String, String)], _ headers: [(name: String, value: String)],
        _ body: CloudRequest.Body, _ token: String
    ) -> CloudRequest {
        let url = options.endpoint.url + path + (query.isEmpty ? "" : "?\(WireText.query(query))")
        return CloudRequest(method, url, headers: headers + [("Authorization", "Bearer \(token)")], body: body)
    }

    /// Runs a call with a token, and once more with a new one when the store refuses it.
    private func authorized<Value: Sendable>(
        _ call: (_ token: String) async throws(CloudFailure) -> Value
    ) async throws(CloudFailure) -> Value {
        let token = try await tokens.current()
        do throws(CloudFailure) { return try await call(token) } catch {
            guard error.status == 401 else { throw error }
            await tokens.forget(token)
            return try await call(try await tokens.current())
        }
    }

    /// Runs a call and answers its failure in the store's terms.
    func told<Value: Sendable>(
        _ what: String, _ call: () async throws(CloudFailure) -> Value
    ) async throws(BlobStorageError) -> Value {
        do throws(CloudFailure) { return try await call() } catch { throw error.gcsError(what) }
    }
}

extension CloudFailure {
    /// Whether the store said that there is no such object, and not that the bucket is missing.
    var isAbsentObject: Bool {
        guard case .answered(404, _, let message) = self else { return false }
        return !message.contains("bucket does not exist")
    }

    /// The failure of a call that needs nothing but the bucket.
    func bucketError(_ call: String) -> BlobStorageError {
        status == 404 ? .refused("gcs \(call): the store knows no such bucket") : gcsError(call)
    }

    /// The failure in the terms of the store's callers.
    func gcsError(_ call: String) -> BlobStorageError {
        if case .answered(404, _, let message) = self, !isAbsentObject {
            return .refused("gcs \(call): 404 \(message)")
        }
        return storageError("gcs \(call)")
    }
}
