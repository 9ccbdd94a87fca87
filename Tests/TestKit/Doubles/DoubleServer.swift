// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP/1.1 server on loopback, for doubles of services that no package offers.
///
/// It takes whole requests and gives whole answers, and can be told to fail as real services do: to refuse, to lose the
/// answer after the work was done, to cut a body short.
///
///     let server = try await DoubleServer.start { request in DoubleAnswer(204) }
///     // … http://127.0.0.1:\(server.port)
///     await server.stop()
package final class DoubleServer: Sendable {
    /// How a request fails.
    package enum Fault: Sendable, Hashable {
        /// The request is answered with this status and nothing is done.
        case refuse(Int)
        /// The connection ends before anything is done.
        case cut
        /// Everything is done, then the connection ends without an answer.
        case loseAnswer
        /// The answer's body ends in its middle, and the connection with it.
        case cutBody
    }

    package typealias Service = @Sendable (DoubleRequest) async -> DoubleAnswer

    private struct State {
        var requests: [DoubleRequest.Line] = []
        var rule: (@Sendable (DoubleRequest) -> Fault?)?
    }

    /// Larger bodies are refused with 413, in bytes.
    private static let bodyLimit = 256 << 20
    /// Later requests are not noted.
    private static let noteLimit = 100_000

    package let port: Int
    private let service: Service
    private let refusal: @Sendable (Int) -> DoubleAnswer
    private let state = Mutex(State())
    private let run = Mutex<Task<Void, Never>?>(nil)

    private init(port: Int, refusal: @escaping @Sendable (Int) -> DoubleAnswer, _ service: @escaping Service) {
        self.port = port
        self.refusal = refusal
        self.service = service
    }

    /// Binds a free port of 127.0.0.1 and begins to serve.
    ///
    /// - Parameter refusal: The answer with a status, in the service's own format, for ``Fault/refuse(_:)``.
    package static func start(
        refusal: @escaping @Sendable (Int) -> DoubleAnswer = { DoubleAnswer($0) }, _ service: @escaping Service
    ) async throws -> DoubleServer {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        guard let port = listener.channel.localAddress?.port else { throw ToolFailure(what: "the double has no port") }
        let server = DoubleServer(port: port, refusal: refusal, service)
        let task = Task { await server.accept(listener) }  // ended and awaited by stop()
        server.run.withLock { $0 = task }
        return server
    }

    /// Closes the port and every connection.
    package func stop() async {
        let task = run.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    /// From now on requests fail as `rule` says; nil makes all of them succeed.
    package func fail(_ rule: (@Sendable (DoubleRequest) -> Fault?)?) { state.withLock { $0.rule = rule } }

    /// The method and target of every request so far, in order.
    package var requests: [DoubleRequest.Line] { state.withLock { $0.requests } }
}

extension DoubleServer {
    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    private func accept(_ listener: NIOAsyncChannel<Connection, Never>) async {
        try? await listener.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections {
                    // A connection that breaks is the client's affair.
                    group.addTask { try? await self.serve(connection) }
                }
            }
        }
    }

    private func serve(_ connection: Connection) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var head: HTTPRequestHead?
            var body = ByteBuffer()
            var isTooLarge = false
            for try await part in inbound {
                switch part {
                case .head(let next):
                    head = next
                    body = ByteBuffer()
                case .body(var bytes):
                    isTooLarge = isTooLarge || body.readableBytes + bytes.readableBytes > Self.bodyLimit
                    if !isTooLarge { body.writeBuffer(&bytes) }
                case .end:
                    guard let head else { return }
                    if isTooLarge { return try await write(refusal(413), to: DoubleRequest(head, body), outbound) }
                    guard try await answer(head, body, outbound), head.isKeepAlive else { return }
                }
            }
        }
    }

    /// - Returns: Whether the connection may go on.
    private func answer(
        _ head: HTTPRequestHead, _ body: ByteBuffer, _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws -> Bool {
        let request = DoubleRequest(head, body)
        let fault = state.withLock { state in
            if state.requests.count < Self.noteLimit { state.requests.append(request.line) }
            return state.rule?(request)
        }
        switch fault {
        case .refuse(let status): try await write(refusal(status), to: request, outbound)
        case .cut: return false
        case .loseAnswer:
            _ = await service(request)
            return false
        case .cutBody:
            try await write(await service(request), to: request, outbound, isCut: true)
            return false
        case nil: try await write(await service(request), to: request, outbound)
        }
        return true
    }

    private func write(
        _ answer: DoubleAnswer, to request: DoubleRequest,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>, isCut: Bool = false
    ) async throws {
        var headers = HTTPHeaders(answer.headers)
        if !headers.contains(name: "Content-Length"), answer.status != 204, answer.status != 304 {
            headers.add(name: "Content-Length", value: String(answer.body.readableBytes))
        }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
        try await outbound.write(.head(head))
        if request.method != "HEAD", answer.body.readableBytes > 0 {
            let count = isCut ? answer.body.readableBytes / 2 : answer.body.readableBytes
            let part = answer.body.getSlice(at: answer.body.readerIndex, length: count) ?? answer.body
            try await outbound.write(.body(.byteBuffer(part)))
        }
        if !isCut { try await outbound.write(.end(nil)) }
    }
}
