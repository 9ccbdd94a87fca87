// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import OCI

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

    struct Item: Sendable {
        var name: String
        var size: Int64
        var modified: Int64
    }

    struct Page: Sendable {
        var items: [Item]
        var next: String?
    }

    func page(_ prefix: String, after mark: String?) async throws(CloudFailure) -> Page {
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
