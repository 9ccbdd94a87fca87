// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// Stands before an emulator of Google Cloud Storage and demands what the emulators do not: a bearer token that its own
/// token service issued, or a valid V4 signed URL. It also keeps the promises that they break: `ifGenerationMatch=0`, and
/// what a resumable session answers when it is asked how far it is.
///
/// Written from the public reference of the JSON API ("Resumable uploads", "Request preconditions").
package final class GoogleFront: Sendable {
    /// What is known of a resumable session.
    struct Session {
        var object: String
        var isConditional: Bool
        var received = 0
        var end: DoubleAnswer?
    }

    package let identity: GoogleIdentity
    private let upstream: Int
    private let bucket: String
    private let answersStatus: Bool
    private let sessions = Mutex<[String: Session]>([:])
    private let ranges = Mutex<[String]>([])
    private let running = Mutex<DoubleServer?>(nil)

    private init(before emulator: GoogleEmulator) throws {
        upstream = emulator.port
        bucket = emulator.bucket
        // This emulator ends an upload when it is asked how far it is.
        answersStatus = emulator.program == .fakeGCS
        identity = try GoogleIdentity()
    }

    package static func start(before emulator: GoogleEmulator) async throws -> GoogleFront {
        let front = try GoogleFront(before: emulator)
        let server = try await DoubleServer.start(
            refusal: { Self.failure($0, "backendError") }, { await front.answer($0) })
        front.running.withLock { $0 = server }
        return front
    }

    package func stop() async { await running.withLock { $0 }?.stop() }

    /// The server, for injecting faults and for reading what was requested.
    package var server: DoubleServer {
        guard let server = running.withLock({ $0 }) else { preconditionFailure("start() sets it before it returns") }
        return server
    }

    /// The address of the storage service.
    package var endpoint: String { "http://127.0.0.1:\(server.port)" }

    /// The address of the token service.
    package var tokenAddress: String { "\(endpoint)/token" }

    /// Writes the key file of the account that the front knows.
    package func writeKeyFile(in folder: String) throws -> String {
        let path = "\(folder)/keyfile.json"
        try identity.keyFile(tokenAddress: tokenAddress).write(to: URL(filePath: path))
        return path
    }

    /// The chunks that came, in order.
    package var chunks: [String] { ranges.withLock { $0 } }

    /// Sessions that were begun and neither finished nor cancelled.
    package var openSessions: Int { sessions.withLock { $0.values.count { $0.end == nil } } }
}

extension GoogleFront {
    private func answer(_ request: DoubleRequest) async -> DoubleAnswer {
        if request.rawPath == "/token" { return identity.issueToken(request, address: tokenAddress) }
        if let refused = refusal(of: request) { return refused }
        guard names(bucket, request) else { return Self.failure(404, "The specified bucket does not exist.") }
        if let id = request.item("upload_id") { return await session(id, request) }
        if request.item("ifGenerationMatch") == "0", let name = target(of: request), await exists(name, request) {
            return Self.failure(412, "conditionNotMet")
        }
        let answer = await forward(request)
        if request.item("uploadType") == "resumable" { begin(request, answer) }
        return answer
    }

    private func refusal(of request: DoubleRequest) -> DoubleAnswer? {
        let signed = GoogleSignedURL(request: request, identity: identity)
        if signed.isClaimed {
            // Only reading is handed out by URL.
            let isRead = request.method == "GET" || request.method == "HEAD"
            return signed.isValid && isRead ? nil : Self.failure(403, "SignatureDoesNotMatch")
        }
        // The address of a session is its own authority.
        if let id = request.item("upload_id"), sessions.withLock({ $0[id] != nil }) { return nil }
        let fields = request.header("Authorization").split(separator: " ")
        guard fields.count == 2, fields[0] == "Bearer", identity.isValid(token: String(fields[1])) else {
            return Self.failure(401, "authError")
        }
        return nil
    }

    /// Whether a request is about this bucket; the emulators make others as they are named.
    private func names(_ bucket: String, _ request: DoubleRequest) -> Bool {
        let pieces = request.path.split(separator: "/").map(String.init)
        guard let place = pieces.firstIndex(of: "b"), request.path.contains("/storage/v1/") else {
            return pieces.first == bucket
        }
        return place + 1 < pieces.count && pieces[place + 1] == bucket
    }

    /// The object that an upload or a composition would make.
    private func target(of request: DoubleRequest) -> String? {
        if let name = request.item("name") { return name }
        let pieces = request.rawPath.split(separator: "/")
        guard pieces.last == "compose", pieces.count > 2 else { return nil }
        return Percent.decoded(pieces[pieces.count - 2])
    }

    private func exists(_ name: String, _ request: DoubleRequest) async -> Bool {
        let pieces = request.path.split(separator: "/")
        guard let place = pieces.firstIndex(of: "b"), place + 1 < pieces.count else { return false }
        let path = "/storage/v1/b/\(pieces[place + 1])/o/\(Percent.encoded(name))"
        return await send("GET", path, HTTPHeaders(), ByteBuffer()).status == 200
    }

    /// An error as the service writes it.
    static func failure(_ status: Int, _ reason: String) -> DoubleAnswer {
        .json(
            status,
            "{\"error\":{\"code\":\(status),\"message\":\"\(reason)\",\"errors\":[{\"reason\":\"\(reason)\"}]}}")
    }
}

// Sessions.
extension GoogleFront {
    private func begin(_ request: DoubleRequest, _ answer: DoubleAnswer) {
        guard let location = answer.headers.first(where: { $0.0.lowercased() == "location" })?.1,
            let id = location.components(separatedBy: "upload_id=").last.map({ Percent.decoded($0) })
        else { return }
        let session = Session(
            object: request.item("name") ?? "", isConditional: request.item("ifGenerationMatch") == "0")
        // A plus sign in an address that the emulator wrote stays one when it comes back.
        sessions.withLock { $0[id] = session }
    }

    private func session(_ id: String, _ request: DoubleRequest) async -> DoubleAnswer {
        guard let known = sessions.withLock({ $0[id] }) else { return Self.failure(404, "notFound") }
        if let end = known.end { return end }
        if request.method == "DELETE" {
            sessions.withLock { $0[id] = nil }
            _ = await forward(request)
            return DoubleAnswer(499)
        }
        let range = request.header("Content-Range")
        if range.hasPrefix("bytes */"), range != "bytes */0" {
            return answersStatus ? progress(known.received) : await forward(request)
        }
        guard range.isEmpty || range == "bytes */0" || range.hasPrefix("bytes \(known.received)-") else {
            return progress(known.received)
        }
        if known.isConditional, !range.hasSuffix("/*"), await exists(known.object, request) {
            return Self.failure(412, "conditionNotMet")
        }
        ranges.withLock { $0.append(range) }
        let answer = await forward(request)
        note(answer, of: id, count: request.body.readableBytes)
        return answer
    }

    private func note(_ answer: DoubleAnswer, of id: String, count: Int) {
        sessions.withLock { sessions in
            if answer.status == 308 { sessions[id]?.received += count }
            if answer.status < 300 { sessions[id]?.end = answer }
        }
    }

    private func progress(_ received: Int) -> DoubleAnswer {
        DoubleAnswer(308, received > 0 ? [("Range", "bytes=0-\(received - 1)")] : [])
    }
}

// The way to the emulator.
extension GoogleFront {
    private func forward(_ request: DoubleRequest) async -> DoubleAnswer {
        var headers = request.headers
        for name in ["Host", "Authorization", "Connection", "Content-Length", "Transfer-Encoding"] {
            headers.remove(name: name)
        }
        return await send(request.method, request.line.target, headers, request.body)
    }

    private func send(_ method: String, _ target: String, _ headers: HTTPHeaders, _ body: ByteBuffer) async
        -> DoubleAnswer
    {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(upstream)\(target)")
        request.method = HTTPMethod(rawValue: method)
        request.headers = headers
        if body.readableBytes > 0 || method == "POST" || method == "PUT" { request.body = .bytes(body) }
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
            let content = try await response.body.collect(upTo: 256 << 20)
            let kept = response.headers.filter { !["connection", "transfer-encoding"].contains($0.name.lowercased()) }
            return DoubleAnswer(
                Int(response.status.code), kept.map { ($0.name, rewritten($0.value)) },
                body: content)
        } catch { return Self.failure(502, "upstream") }
    }

    /// Addresses of the emulator become addresses of this server.
    private func rewritten(_ value: String) -> String {
        value.replacingOccurrences(of: "127.0.0.1:\(upstream)", with: "127.0.0.1:\(server.port)")
    }
}
