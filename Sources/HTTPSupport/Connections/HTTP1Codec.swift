// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Turns HTTP/1 messages into the version-independent parts the exchange works with, and back.
///
/// The ready-made codec parses every request's target with Foundation's URLComponents, which costs more than all else
/// in a small request, and knows no file regions. This one also refuses what a proxy in front may read otherwise:
/// RFC 9112, sections 3.2 and 6.3.
final class HTTP1Codec: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = AnswerPart
    typealias OutboundOut = HTTPServerResponsePart

    private let scheme: String
    /// What matters for the answers to the requests under way, oldest first.
    private var unanswered = CircularBuffer<(version: HTTPVersion, isHead: Bool)>()

    /// The head of an answer to HEAD, written when the answer ends.
    private var heldHead: HTTPResponseHead?

    init(scheme: String) {
        self.scheme = scheme
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            do {
                unanswered.append((head.version, head.method == .HEAD))
                context.fireChannelRead(wrapInboundOut(.head(try request(head))))
            } catch {
                context.fireErrorCaught(error)
            }
        case .body(let bytes): context.fireChannelRead(wrapInboundOut(.body(bytes)))
        case .end: context.fireChannelRead(wrapInboundOut(.end(nil)))  // nothing here uses trailers
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            if unanswered.first?.isHead == true, head.status.kind != .informational {
                heldHead = responseHead(head)
                promise?.succeed()
            } else {
                context.write(wrapOutboundOut(.head(responseHead(head))), promise: promise)
            }
        case .bytes(let bytes): context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: promise)
        case .file(let region): context.write(wrapOutboundOut(.body(.fileRegion(region))), promise: promise)
        case .end:
            _ = unanswered.popFirst()
            // The encoder does not know of HEAD: after an end it would write the last chunk of a body of unknown length.
            if let head = heldHead {
                heldHead = nil
                context.write(wrapOutboundOut(.head(head)), promise: promise)
            } else {
                context.write(wrapOutboundOut(.end(nil)), promise: promise)
            }
        }
    }

    private func request(_ head: HTTPRequestHead) throws(MessageFault) -> HTTPRequest {
        let isOld = head.version == .http1_0
        guard isOld || head.version == .http1_1, let method = HTTPRequest.Method(head.method.rawValue) else {
            throw .badMessage
        }
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count + 1)
        var host: String?
        for (name, value) in head.headers {
            guard let name = HTTPField.Name(name) else { throw .badMessage }
            if name == Self.host {
                guard host == nil, value.isEmpty || ClientView.validHost(value) != nil else { throw .badMessage }
                host = value
            } else {
                fields.append(HTTPField(name: name, value: value))
            }
        }
        guard host != nil || isOld else { throw .badMessage }
        let target = try target(head.uri, &host)
        try Self.checkFraming(fields, allowsCoding: !isOld)
        if isOld {
            fields[.expect] = nil  // RFC 9110, section 10.1.1
            fields[.connection] = "close"  // such clients know no chunks; the end of the connection ends their answers
        }
        return HTTPRequest(method: method, scheme: scheme, authority: host, path: target, headerFields: fields)
    }

    private static let host = HTTPField.Name("Host")!  // a valid token

    /// The path and query of a request target; an absolute one names the host too and wins over the header.
    private func target(_ uri: String, _ host: inout String?) throws(MessageFault) -> String {
        if uri.utf8.first == UInt8(ascii: "/") || uri == "*" { return uri }
        guard let separator = uri.utf8.firstRange(of: "://".utf8) else { throw .badMessage }
        let rest = uri[separator.upperBound...]
        let start = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        guard let authority = ClientView.validHost(String(rest[..<start])) else { throw .badMessage }
        host = authority
        return rest[start...].utf8.first == UInt8(ascii: "/") ? String(rest[start...]) : "/" + rest[start...]
    }

    /// Two readers must not find two ends of one message.
    private static func checkFraming(_ fields: HTTPFields, allowsCoding: Bool) throws(MessageFault) {
        let lengths = fields[values: .contentLength]
        let codings = fields[values: .transferEncoding]
        if codings.isEmpty && lengths.count <= 1 { return }
        guard lengths.isEmpty, allowsCoding, codings.count == 1, codings[0].lowercased() == "chunked" else {
            throw .badMessage
        }
    }

    private func responseHead(_ response: HTTPResponse) -> HTTPResponseHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(response.headerFields.count + 1)
        for field in response.headerFields { headers.add(name: field.name.rawName, value: field.value) }
        return HTTPResponseHead(
            version: unanswered.first?.version == .http1_0 ? .http1_0 : .http1_1,  // which knows no chunks
            status: HTTPResponseStatus(
                statusCode: response.status.code, reasonPhrase: response.status.reasonPhrase),
            headers: headers)
    }
}

/// A message that cannot be answered by a handler.
enum MessageFault: Error {
    case badMessage
}

extension HTTPFields {
    /// Whether a comma-separated header has a token, in any case.
    func hasToken(_ token: String, in name: HTTPField.Name) -> Bool {
        guard let value = self[name] else { return false }
        return value.split(separator: ",").contains { $0.lowercased().filter { $0 != " " && $0 != "\t" } == token }
    }
}
