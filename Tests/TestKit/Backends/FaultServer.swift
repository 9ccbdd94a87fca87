// SPDX-License-Identifier: Apache-2.0
import NIOCore
package import NIOHTTP1
import NIOPosix
import Synchronization

/// An object store in memory that can misbehave: it keeps what is PUT, and answers the next requests as a test tells it.
///
/// It knows as much as S3 and Swift have in common, and Swift's old login. It checks no signature; real servers do that.
package final class FaultServer: Sendable {
    /// What is done instead of a right answer.
    package enum Fault: Sendable {
        case status(Int, headers: [(String, String)] = [], body: String = "")
        /// A right head, and of the body only so many bytes before the connection is cut.
        case truncated(Int)
        /// A right answer with the last bit of the body turned over.
        case wrongByte
        /// No answer at all; the connection stays.
        case silence
        /// The work is done, and the connection is cut before the answer.
        case lostAnswer
        /// The connection is cut before anything is done.
        case cut
    }

    package struct Request: Sendable {
        package let method: String
        /// The path with its query.
        package let uri: String
        package let headers: HTTPHeaders
        package let body: [UInt8]
    }

    private struct State {
        var objects: [String: [UInt8]] = [:]
        var faults: [(method: String, fault: Fault, left: Int)] = []
        var requests: [Request] = []
    }

    private let state = Mutex(State())
    private let channel: any Channel

    /// `127.0.0.1:port`
    package let host: String
    package var url: String { "http://\(host)" }

    /// Runs `body` with a new server.
    package static func with<Result>(_ body: (FaultServer) async throws -> Result) async throws -> Result {
        let link = FaultLink()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(FaultHandler(link))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = FaultServer(channel)
        link.server.withLock { $0 = server }
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    private init(_ channel: any Channel) {
        self.channel = channel
        host = "127.0.0.1:\(channel.localAddress?.port ?? 0)"
    }

    /// Makes the next requests of a method fail.
    package func inject(_ fault: Fault, into method: String, times: Int = 1) {
        state.withLock { $0.faults.append((method, fault, times)) }
    }

    /// What was asked so far.
    package var requests: [Request] { state.withLock { $0.requests } }

    package func count(of method: String) -> Int { requests.filter { $0.method == method }.count }

    fileprivate enum Reply {
        case answer(HTTPResponseStatus, HTTPHeaders, [UInt8], sent: Int?)
        case silence
        case cut
    }

    fileprivate func reply(to request: Request) -> Reply {
        state.withLock { state in
            state.requests.append(request)
            let index = state.faults.firstIndex { $0.method == request.method && $0.left > 0 }
            // Logins are always right.
            guard let index, !request.uri.hasPrefix("/auth") else {
                return Self.answer(request, host, &state.objects, sent: nil)
            }
            state.faults[index].left -= 1
            switch state.faults[index].fault {
            case .status(let code, let headers, let body):
                return .answer(
                    HTTPResponseStatus(statusCode: code), HTTPHeaders(headers), Array(body.utf8), sent: nil)
            case .truncated(let count): return Self.answer(request, host, &state.objects, sent: count)
            case .wrongByte:
                guard
                    case .answer(let status, let headers, var body, _) = Self.answer(
                        request, host, &state.objects, sent: nil), !body.isEmpty
                else { return .cut }
                body[body.count - 1] ^= 1
                return .answer(status, headers, body, sent: nil)
            case .silence: return .silence
            case .lostAnswer:
                _ = Self.answer(request, host, &state.objects, sent: nil)
                return .cut
            case .cut: return .cut
            }
        }
    }

    private static func answer(
        _ request: Request, _ host: String, _ objects: inout [String: [UInt8]], sent: Int?
    ) -> Reply {
        let path = String(request.uri.prefix { $0 != "?" })
        if path.hasPrefix("/auth") {
            return .answer(
                .ok, ["X-Auth-Token": "t\(objects.count)", "X-Storage-Url": "http://\(host)/v1/AUTH_test"], [],
                sent: nil)
        }
        switch request.method {
        case "PUT":
            objects[path] = request.body
            // S3, whose requests are signed in this header, says 200; Swift says 201.
            let isSigned = request.headers.contains(name: "authorization")
            return .answer(
                isSigned ? .ok : .created, ["ETag": request.headers.first(name: "etag") ?? "\"tag\""], [], sent: sent)
        case "DELETE":
            return .answer(objects.removeValue(forKey: path) == nil ? .notFound : .noContent, [:], [], sent: sent)
        case "GET", "HEAD":
            guard let bytes = objects[path] else { return .answer(.notFound, [:], [], sent: sent) }
            guard let range = request.headers.first(name: "range") else { return .answer(.ok, [:], bytes, sent: sent) }
            let first = Int(range.split { "=-".contains($0) }.dropFirst().first ?? "") ?? 0
            return .answer(
                .partialContent, ["Content-Range": "bytes \(first)-\(bytes.count - 1)/\(bytes.count)"],
                Array(bytes[min(first, bytes.count)...]), sent: sent)
        default: return .answer(.notImplemented, [:], [], sent: sent)
        }
    }
}

/// How connections find the server that is made after its listener.
private final class FaultLink: Sendable {
    let server = Mutex<FaultServer?>(nil)
}

private final class FaultHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let link: FaultLink
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ link: FaultLink) { self.link = link }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let bytes): body += bytes.readableBytesView
        case .end:
            guard let head, let server = link.server.withLock({ $0 }) else { return }
            let request = FaultServer.Request(
                method: head.method.rawValue, uri: head.uri, headers: head.headers, body: body)
            write(server.reply(to: request), isHead: head.method == .HEAD, context)
        }
    }

    private func write(_ reply: FaultServer.Reply, isHead: Bool, _ context: ChannelHandlerContext) {
        switch reply {
        case .silence: return
        case .cut: context.close(promise: nil)
        case .answer(let status, var headers, let bytes, let sent):
            if status != .noContent { headers.replaceOrAdd(name: "Content-Length", value: "\(bytes.count)") }
            context.write(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
                promise: nil)
            if !isHead, !bytes.isEmpty {
                let piece = ByteBuffer(bytes: bytes.prefix(sent ?? bytes.count))
                context.write(wrapOutboundOut(.body(.byteBuffer(piece))), promise: nil)
            }
            if let sent, sent < bytes.count, !isHead {
                context.flush()
                context.close(promise: nil)
            } else {
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
