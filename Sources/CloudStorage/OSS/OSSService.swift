// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
package import Logging
import OCI

/// Alibaba Cloud's OSS.
///
/// Parts of one upload are numbered parts of a multipart upload that is begun with the first of them; a blob below one part
/// is a plain object. Every body goes with its MD5, which the service compares. Completing is repeated safely: who finds
/// the multipart upload gone finds the object.
package struct OSSService: ObjectService, KeepsSecrets {
    let options: OSSOptions
    let signer: OSSSigner
    let transport: CloudTransport
    let keys: KeySpace

    package var name: String { "oss" }

    /// "Limits" of the reference: parts of 100 KiB to 5 GiB, at most 10,000.
    package var rules: ObjectRules {
        ObjectRules(
            smallestPiece: 100 << 10, partBytes: options.chunkBytes, checksums: .md5, reusesTailNumber: true)
    }

    package init(
        _ options: OSSOptions, _ transport: TransportOptions = TransportOptions(), logger: Logger
    ) throws(BlobStorageError) {
        self.options = options
        self.transport = try CloudTransport(transport, logger: logger)
        signer = OSSSigner(options)
        keys = KeySpace(folder: options.rootDirectory)
    }

    package func close() async { await transport.close() }

    package func put(_ bytes: SpooledBytes, at location: BlobLocation) async throws(BlobStorageError) -> String {
        let call = OSSCall(
            "PUT", key: keys.key(location), headers: objectHeaders + [Self.digest(bytes.md5)],
            body: .spooled(SpooledBody(bytes)))
        let answer = try await told("put") { () throws(CloudFailure) in try await send(call, wanted: [200]) }
        await answer.discard()
        return WireText.bareTag(answer.header("etag") ?? "")
    }

    package func size(of location: BlobLocation) async throws(BlobStorageError) -> Int64? {
        let call = OSSCall("HEAD", key: keys.key(location))
        let answer = try await told("head") { () throws(CloudFailure) in try await send(call, wanted: [200, 404]) }
        await answer.discard()
        return answer.status == 404 ? nil : answer.contentLength
    }

    package func read(_ location: BlobLocation, from offset: Int64) async throws(BlobStorageError) -> ObjectStream {
        let range = offset > 0 ? [(name: "range", value: "bytes=\(offset)-")] : []
        let call = OSSCall("GET", key: keys.key(location), headers: range)
        let answer = try await told("get") { () throws(CloudFailure) in try await send(call, wanted: [200, 206]) }
        return try ObjectStream(answer, from: offset)
    }

    package func signedURL(of location: BlobLocation) async -> String? {
        let key = keys.key(location)
        let query = signer.query("GET", key: key, seconds: options.addressLife, at: transport.time)
        return address(of: key, query)
    }
}

/// One request in the words of OSS; names of headers are in lower case.
struct OSSCall: Sendable {
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

extension OSSService {
    /// Signs and sends a call, anew for each try.
    func send(_ call: OSSCall, wanted: Set<Int>) async throws(CloudFailure) -> CloudAnswer {
        try await transport.send("oss \(call.method.lowercased())", wanted: wanted) { () throws(CloudFailure) in
            request(call)
        }
    }

    private func request(_ call: OSSCall) -> CloudRequest {
        let headers = signer.headers(call.method, key: call.key, query: call.query, call.headers, at: transport.time)
        return CloudRequest(call.method, address(of: call.key, call.query), headers: headers, body: call.body)
    }

    private func address(of key: String, _ query: [(String, String)]) -> String {
        let (endpoint, bucket) = (options.endpoint, WireText.percentEncoded(options.bucket))
        let host = "\(endpoint.host)\(endpoint.path)"
        let place = options.isPathStyle ? "\(host)/\(bucket)" : "\(bucket).\(host)"
        let path = WireText.percentEncoded(key, keepingSlashes: true)
        return "\(endpoint.scheme)://\(place)/\(path)" + (query.isEmpty ? "" : "?\(WireText.query(query))")
    }

    /// Runs a call and answers its failure in the store's terms.
    func told<Value: Sendable>(
        _ what: String, _ call: () async throws(CloudFailure) -> Value
    ) async throws(BlobStorageError) -> Value {
        do throws(CloudFailure) { return try await call() } catch { throw error.storageError("oss \(what)") }
    }

    /// Signs and sends a call whose answer is XML.
    func document(_ call: OSSCall) async throws(CloudFailure) -> XMLDocument {
        let bytes = try await transport.collect("oss \(call.method.lowercased())", wanted: [200]) {
            () throws(CloudFailure) in request(call)
        }.body
        do { return try XMLDocument(parsing: bytes) } catch { throw .unanswered("the answer is no XML: \(error)") }
    }

    static func digest(_ md5: [UInt8]) -> (name: String, value: String) { ("content-md5", Base64.encode(md5)) }

    /// What every new object is given.
    var objectHeaders: [(name: String, value: String)] {
        var headers = [(name: "content-type", value: "application/octet-stream")]
        if let encryption = options.encryption { headers.append(("x-oss-server-side-encryption", encryption)) }
        if let key = options.encryptionKey, options.encryption != nil {
            headers.append(("x-oss-server-side-encryption-key-id", key))
        }
        return headers
    }
}
