// SPDX-License-Identifier: Apache-2.0
package import Foundation
import NIOCore
import Synchronization

/// A double of Alibaba Cloud's OSS: one bucket in one region, in memory, behind the real protocol.
///
/// Written from the public API reference of OSS ("Add signatures to headers", "Add signatures to URLs", in the versions
/// 1 and 4; PutObject to ListObjectsV2); `VendorSDKTests` prove it with the vendor's own Python library. Every request
/// must carry a correct signature. Buckets are found by the host name, as the service demands, or by the path.
package final class OSSDouble: Sendable {
    struct Object {
        var content: ByteBuffer
        var etag: String
        var modified: Date
        var type: String
    }

    struct Upload {
        var key: String
        var begun: Date
        var parts: [Int: Object] = [:]
    }

    struct State {
        var objects: [String: Object] = [:]
        var uploads: [String: Upload] = [:]
        var skew: TimeInterval = 0
    }

    private static let codes = [403: "AccessDenied", 503: "SlowDown"]

    /// The most bytes that all objects may have together.
    static let capacity = 1 << 30
    /// Every part but the last must have this many bytes.
    static let smallestPart = 100 << 10

    package let accessKey = "LTAIdouble"
    package let secret: String
    package let bucket: String
    package let region = "cn-hangzhou"
    let state = Mutex(State())
    private let running = Mutex<DoubleServer?>(nil)

    private init(bucket: String) {
        self.bucket = bucket
        secret =
            String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    package static func start(bucket: String = "registry") async throws -> OSSDouble {
        let double = OSSDouble(bucket: bucket)
        let server = try await DoubleServer.start(
            refusal: { double.failure($0, Self.codes[$0] ?? "InternalError") }, { double.answer($0) })
        double.running.withLock { $0 = server }
        return double
    }

    package func stop() async { await running.withLock { $0 }?.stop() }

    /// The server, for injecting faults and for reading what was requested.
    package var server: DoubleServer {
        guard let server = running.withLock({ $0 }) else { preconditionFailure("start() sets it before it returns") }
        return server
    }

    /// The address of the service.
    package var endpoint: String { "http://127.0.0.1:\(server.port)" }

    /// The multipart uploads that are open.
    package var openUploads: Int { state.withLock { $0.uploads.count } }

    /// Lets the service's clock differ from this machine's by so many seconds.
    package func setSkew(_ seconds: TimeInterval) { state.withLock { $0.skew = seconds } }

    /// The service's clock.
    var now: Date { Date(timeIntervalSinceNow: state.withLock { $0.skew }) }
}

extension OSSDouble {
    /// What a request is about: nil when it names no bucket or another one.
    ///
    /// - Returns: The object's key; empty for the bucket itself.
    func key(of request: DoubleRequest) -> String? {
        let path = String(request.path.dropFirst())
        if request.header("Host").hasPrefix("\(bucket).") { return path }
        let names = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard names.first == Substring(bucket) else { return nil }
        return names.count > 1 ? String(names[1]) : ""
    }

    func answer(_ request: DoubleRequest) -> DoubleAnswer {
        var answer = route(request)
        answer.headers += [("Server", "AliyunOSS-Double"), ("x-oss-request-id", id()), ("Date", DoubleDate.http(now))]
        return answer
    }

    private func route(_ request: DoubleRequest) -> DoubleAnswer {
        guard let key = key(of: request) else { return failure(404, "NoSuchBucket") }
        if let refused = refusal(of: request, key: key) { return refused }
        if key.isEmpty { return bucketOperation(request) }
        if request.item("uploads") != nil, request.method == "POST" { return initiate(key, request) }
        if let upload = request.item("uploadId") { return uploadOperation(upload, key, request) }
        switch request.method {
        case "PUT": return put(key, request)
        case "GET", "HEAD": return get(key, request)
        case "DELETE":
            state.withLock { $0.objects[key] = nil }
            return DoubleAnswer(204)
        default: return failure(405, "MethodNotAllowed")
        }
    }

    private func bucketOperation(_ request: DoubleRequest) -> DoubleAnswer {
        switch request.method {
        case "POST" where request.item("delete") != nil: deleteObjects(request)
        case "GET" where request.item("uploads") != nil: listUploads(request)
        case "GET" where request.item("list-type") == "2": list(request)
        case "GET" where request.item("bucketInfo") != nil: bucketInfo()
        default: failure(400, "InvalidArgument")
        }
    }

    private func uploadOperation(_ upload: String, _ key: String, _ request: DoubleRequest) -> DoubleAnswer {
        switch request.method {
        case "PUT": putPart(upload, key, request)
        case "POST": complete(upload, key, request)
        case "DELETE": abort(upload, key)
        case "GET": listParts(upload, key, request)
        default: failure(405, "MethodNotAllowed")
        }
    }

    /// An error as the service writes it.
    func failure(_ status: Int, _ code: String) -> DoubleAnswer {
        xml(
            status,
            "<Error>" + DoubleXML.element("Code", code) + DoubleXML.element("Message", "\(code) by the double")
                + DoubleXML.element("RequestId", id()) + DoubleXML.element("HostId", "double") + "</Error>")
    }

    func xml(_ status: Int, _ text: String) -> DoubleAnswer {
        let document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + text
        return DoubleAnswer(status, [("Content-Type", "application/xml")], body: ByteBuffer(string: document))
    }

    func id() -> String { String(UInt64.random(in: .min ... .max), radix: 16, uppercase: true) }
}
