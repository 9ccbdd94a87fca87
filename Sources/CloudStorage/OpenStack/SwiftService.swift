// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
package import Logging
import NIOCore
import OCI

/// OpenStack Swift, and Ceph's gateway where it speaks Swift.
///
/// Every object is sent with the MD5 of its bytes, which Swift compares. Parts of a larger blob are segments, objects with
/// `.s` at the end of their names; a static manifest (`.slo`) with their ETags and sizes makes them one object, and Swift
/// compares each. A manifest and its segments live and die together.
package struct SwiftService: ObjectService {
    let options: SwiftOptions
    let transport: CloudTransport
    let session: SwiftSession
    let keys: KeySpace

    package var name: String { "swift" }

    package var rules: ObjectRules {
        // Manifests name at most 1,000 segments, so parts grow early.
        ObjectRules(
            smallestPiece: options.smallestPart, partBytes: options.chunkBytes, doublingEvery: 250,
            highestNumber: 1_000_000, checksums: .md5)
    }

    package init(
        _ options: SwiftOptions, _ transport: TransportOptions = TransportOptions(), logger: Logger
    ) throws(BlobStorageError) {
        self.options = options
        var transport = transport
        transport.skipsVerification = transport.skipsVerification || options.skipsVerification
        self.transport = try CloudTransport(transport, logger: logger)
        session = SwiftSession(SwiftLogin(options: options, transport: self.transport))
        keys = KeySpace(folder: options.prefix)
    }

    package func close() async { await transport.close() }

    package func put(_ bytes: SpooledBytes, at location: BlobLocation) async throws(BlobStorageError) -> String {
        let tag = WireText.hex(bytes.md5)
        var call = SwiftCall("PUT", key: keys.key(location), body: bytes.wireBody)
        call.headers = [(name: "ETag", value: tag), (name: "Content-Type", value: "application/octet-stream")]
        try await store(call)
        return "\(tag);\(bytes.count)"
    }

    /// Sends a PUT, and makes the container when there is none: the guide's example names one that nobody made.
    func store(_ call: SwiftCall) async throws(BlobStorageError) {
        try await told("put") { () throws(CloudFailure) in
            let answer = try await send(call, wanted: [201, 404])
            await answer.discard()
            guard answer.status == 404 else { return }
            await (try await send(SwiftCall("PUT"), wanted: [201, 202, 204])).discard()
            await (try await send(call, wanted: [201])).discard()
        }
    }

    package func size(of location: BlobLocation) async throws(BlobStorageError) -> Int64? {
        let call = SwiftCall("HEAD", key: keys.key(location))
        let answer = try await told("head") { () throws(CloudFailure) in try await look(call, wanted: [200]) }
        return answer.status == 404 ? nil : answer.contentLength
    }

    package func read(_ location: BlobLocation, from offset: Int64) async throws(BlobStorageError) -> ObjectStream {
        var call = SwiftCall("GET", key: keys.key(location))
        if offset > 0 { call.headers.append((name: "Range", value: "bytes=\(offset)-")) }
        let answer = try await told("get") { () throws(CloudFailure) in try await look(call, wanted: [200, 206]) }
        guard answer.status != 404 else { throw .notFound }
        return try ObjectStream(answer, from: offset)
    }

    /// Asks one replica, and when that has nothing, all of them: what was just written may not be everywhere yet.
    private func look(_ call: SwiftCall, wanted: Set<Int>) async throws(CloudFailure) -> CloudAnswer {
        let answer = try await send(call, wanted: wanted.union([404]))
        guard answer.status == 404 else { return answer }
        await answer.discard()
        var again = call
        again.headers.append((name: "X-Newest", value: "true"))
        return try await send(again, wanted: wanted.union([404]))
    }

    package func signedURL(of location: BlobLocation) async -> String? {
        guard let key = options.signingKey, let access = try? await session.access() else { return nil }
        let name = "\(access.storage.path)/\(options.container)/\(keys.key(location))"
        let expires = transport.time.seconds + options.addressLife
        let signature = WireText.hex(WireText.hmacSHA256("GET\n\(expires)\n\(name)", key: Array(key.utf8)))
        return "\(access.storage.scheme)://\(access.storage.host)"
            + WireText.percentEncoded(name, keepingSlashes: true)
            + "?temp_url_sig=\(signature)&temp_url_expires=\(expires)"
    }
}

/// One request in Swift's terms.
struct SwiftCall: Sendable {
    /// What a call is about.
    enum Target: Sendable { case account, container, object(String) }

    var method: String
    var target: Target
    var query: [(String, String)]
    var headers: [(name: String, value: String)] = []
    var body: CloudRequest.Body

    /// A call to an object, or to the container without `key`.
    init(_ method: String, key: String? = nil, query: [(String, String)] = [], body: CloudRequest.Body = .none) {
        self.init(method, key.map(Target.object) ?? .container, query: query, body: body)
    }

    init(_ method: String, _ target: Target, query: [(String, String)] = [], body: CloudRequest.Body = .none) {
        self.method = method
        self.target = target
        self.query = query
        self.body = body
    }
}

extension SwiftService {
    /// Sends a call with the node's token, and once more with a new one when the store does not take it any more.
    func send(_ call: SwiftCall, wanted: Set<Int>) async throws(CloudFailure) -> CloudAnswer {
        var access = try await session.access()
        var isRenewed = false
        while true {
            let request = request(call, access)
            let answer = try await transport.send("swift \(call.method.lowercased())", wanted: wanted.union([401])) {
                request
            }
            guard answer.status == 401 else { return answer }
            await answer.discard()
            guard !isRenewed else {
                throw .answered(status: 401, code: "", message: "the store does not take a token that was just given")
            }
            access = try await session.access(replacing: access)
            isRenewed = true
        }
    }

    private func request(_ call: SwiftCall, _ access: SwiftAccess) -> CloudRequest {
        let container = "/" + WireText.percentEncoded(options.container)
        let path =
            switch call.target {
            case .account: ""
            case .container: container
            case .object(let key): container + "/" + WireText.percentEncoded(key, keepingSlashes: true)
            }
        let query = WireText.query(call.query)
        return CloudRequest(
            call.method, access.storage.url + path + (query.isEmpty ? "" : "?\(query)"),
            headers: call.headers + [(name: "X-Auth-Token", value: access.token)], body: call.body)
    }

    /// Runs a call and answers its failure in the store's terms.
    func told<Value: Sendable>(
        _ what: String, _ call: () async throws(CloudFailure) -> Value
    ) async throws(BlobStorageError) -> Value {
        do throws(CloudFailure) { return try await call() } catch {
            // 422: what arrived is not what was sent.
            if error.status == 422 { throw .unreachable("swift \(what): 422, the bytes were changed on their way") }
            throw error.storageError("swift \(what)")
        }
    }
}
