// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
package import Logging
import NIOCore
import OCI

/// Amazon S3 and what speaks like it: Ceph's RADOS Gateway, MinIO, OpenStack Swift's s3api.
///
/// Every request is signed with version 4 and carries the SHA-256 of its body, which the service compares. Parts of one
/// upload are numbered parts of a multipart upload that is begun with the first of them; a blob below one part is a plain
/// object. Completing is repeated safely: who finds the multipart upload gone finds the object.
package struct S3Service: ObjectService {
    let options: S3Options
    let transport: CloudTransport
    private let signature: SignatureV4
    let keys: KeySpace

    package var name: String { "s3" }

    package var rules: ObjectRules {
        ObjectRules(
            smallestPiece: options.smallestPart, partBytes: options.chunkBytes, checksums: .sha256,
            reusesTailNumber: true)
    }

    package init(
        _ options: S3Options, _ transport: TransportOptions = TransportOptions(), logger: Logger
    ) throws(BlobStorageError) {
        self.options = options
        var transport = transport
        transport.skipsVerification = transport.skipsVerification || options.skipsVerification
        transport.userAgent = options.userAgent ?? transport.userAgent
        self.transport = try CloudTransport(transport, logger: logger)
        signature = SignatureV4(
            accessKey: options.accessKey, secretKey: options.secretKey, sessionToken: options.sessionToken,
            region: options.region)
        keys = KeySpace(folder: options.rootDirectory)
    }

    package func close() async { await transport.close() }

    package func put(_ bytes: SpooledBytes, at location: BlobLocation) async throws(BlobStorageError) -> String {
        let call = S3Call("PUT", key: keys.key(location), headers: contentHeaders, body: bytes.wireBody)
        return Self.tag(of: try await told("put") { () throws(CloudFailure) in try await send(call) })
    }

    package func size(of location: BlobLocation) async throws(BlobStorageError) -> Int64? {
        let call = S3Call("HEAD", key: keys.key(location))
        let answer = try await told("head") { () throws(CloudFailure) in
            try await send(call, wanted: [200, 404])
        }
        return answer.status == 404 ? nil : answer.contentLength
    }

    package func read(_ location: BlobLocation, from offset: Int64) async throws(BlobStorageError) -> ObjectStream {
        var call = S3Call("GET", key: keys.key(location))
        if offset > 0 { call.headers.append((name: "range", value: "bytes=\(offset)-")) }
        let answer = try await told("get") { () throws(CloudFailure) in try await send(call, wanted: [200, 206]) }
        return try ObjectStream(answer, from: offset)
    }

    package func signedURL(of location: BlobLocation) async -> String? {
        let place = place(of: keys.key(location))
        let query = signature.presignedQuery(
            method: "GET", host: place.host, path: place.path, query: [], expires: options.addressLife,
            at: transport.time)
        return "\(options.endpoint.scheme)://\(place.host)\(place.path)?\(query)"
    }

    /// What an object is stored with.
    var contentHeaders: [(name: String, value: String)] {
        var headers = [(name: "content-type", value: "application/octet-stream")]
        if let encryption = options.encryption {
            headers.append((name: "x-amz-server-side-encryption", value: encryption))
        }
        if let key = options.encryptionKey, options.encryption != nil {
            headers.append((name: "x-amz-server-side-encryption-aws-kms-key-id", value: key))
        }
        if let storage = options.storageClass { headers.append((name: "x-amz-storage-class", value: storage)) }
        if let control = options.accessControl { headers.append((name: "x-amz-acl", value: control)) }
        return headers
    }

    static func tag(of answer: CloudAnswer) -> String { WireText.bareTag(answer.header("etag") ?? "") }
}

/// One request in S3's terms.
struct S3Call: Sendable {
    var method: String
    /// Empty for calls to the bucket.
    var key: String
    var query: [(String, String)]
    var headers: [(name: String, value: String)]
    var body: CloudRequest.Body

    init(
        _ method: String, key: String = "", query: [(String, String)] = [],
        headers: [(name: String, value: String)] = [], body: CloudRequest.Body = .none
    ) {
        self.method = method
        self.key = key
        self.query = query
        self.headers = headers
        self.body = body
    }
}

extension S3Service {
    /// Signs and sends a call, anew for each try. Bodies of answers that were not streamed are the caller's to read.
    func send(_ call: S3Call, wanted: Set<Int> = [200, 204]) async throws(CloudFailure) -> CloudAnswer {
        let place = place(of: call.key)
        let query = WireText.query(call.query)
        let payload = call.body.sha256
        return try await transport.send("s3 \(call.method.lowercased())", wanted: wanted) {
            let headers = signature.headers(
                method: call.method, path: place.path, query: query,
                headers: call.headers + [(name: "host", value: place.host)], payload: payload, at: transport.time)
            let url = "\(options.endpoint.scheme)://\(place.host)\(place.path)" + (query.isEmpty ? "" : "?\(query)")
            return CloudRequest(call.method, url, headers: headers, body: call.body)
        }
    }

    /// The host and the encoded path of a key.
    private func place(of key: String) -> (host: String, path: String) {
        let encoded = WireText.percentEncoded(key, keepingSlashes: true)
        let endpoint = options.endpoint
        if options.isPathStyle {
            let bucket = WireText.percentEncoded(options.bucket)
            return (endpoint.host, "\(endpoint.path)/\(bucket)" + (key.isEmpty ? "" : "/\(encoded)"))
        }
        return ("\(options.bucket).\(endpoint.host)", "\(endpoint.path)/\(encoded)")
    }

    /// Runs a call and answers its failure in the store's terms.
    func told<Value: Sendable>(
        _ what: String, _ call: () async throws(CloudFailure) -> Value
    ) async throws(BlobStorageError) -> Value {
        do throws(CloudFailure) { return try await call() } catch { throw error.storageError("s3 \(what)") }
    }

    /// Reads an answer of XML.
    func document(_ answer: CloudAnswer) async throws(CloudFailure) -> XMLDocument {
        let bytes = try await answer.collect()
        do { return try XMLDocument(parsing: Array(bytes.readableBytesView)) } catch {
            throw .unanswered("the answer is no XML: \(error)")
        }
    }
}

extension SpooledBytes {
    /// The whole as a request's body.
    package var wireBody: CloudRequest.Body { .spooled(SpooledBody(self)) }
}

extension CloudRequest.Body {
    /// The SHA-256 of the body in hexadecimal digits.
    var sha256: String {
        switch self {
        case .none: SignatureV4.emptyPayload
        case .bytes(let bytes): WireText.hex(WireText.sha256(bytes))
        case .spooled(let body): WireText.hex(body.bytes.sha256)
        }
    }
}
