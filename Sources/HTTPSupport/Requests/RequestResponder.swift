// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes
package import HummingbirdCore
package import Logging
import NIOCore

/// Takes the fields of one request's log line, in the order of their keys.
package typealias RequestLog = @Sendable (_ fields: [(key: String, value: String)]) -> Void

/// Answers requests: finds the route, runs its handler, turns errors into answers, and writes log and metrics.
///
/// This is the outermost layer and the only one that does any of these.
package final class RequestResponder: Sendable {
    private let routes: RouteTable
    private let logger: Logger
    private let log: RequestLog?
    private let metrics: HTTPMetrics
    private let ids = RequestIDs()
    private let dates = DateText()

    /// - Parameters:
    ///   - logger: For what goes wrong.
    ///   - log: For each request's line; nil for none.
    package init(routes: RouteTable, logger: Logger, log: RequestLog?, metrics: MetricsRegistry) {
        self.routes = routes
        self.logger = logger
        self.log = log
        self.metrics = HTTPMetrics(registry: metrics, routes: routes)
    }

    /// Requests being answered now, to the last byte of their answers.
    package var runningRequests: Int { metrics.runningRequests }

    /// An answer and how it came about.
    package struct Answer: Sendable {
        package var response: Response
        package let route: Route?
    }

    /// Makes the context of a request from what the connection and its headers say.
    func makeContext(
        _ head: HTTPRequest, view: ClientView, channel: (any Channel)?, memo: ConnectionMemo
    ) -> HavenRequestContext {
        HavenRequestContext(
            requestID: RequestIDs.accepted(head.headerFields[.requestID]) ?? ids.next(), channel: channel,
            clientAddress: view.address, clientScheme: view.scheme, host: view.host, logger: logger,
            memo: memo)
    }

    /// Answers a request. Never throws: every error has become an answer, and was logged if someone must know.
    package func respond(to request: Request, _ context: HavenRequestContext) async -> Answer {
        metrics.began()
        var answer: Answer
        switch routes.match(request.method, request.uri.path) {
        case .route(let route, let parameters):
            var context = context
            context.parameters = parameters
            do {
                answer = Answer(response: try await route.handler(request, context), route: route)
            } catch {
                answer = Answer(response: self.answer(error, request, context), route: route)
            }
        case .methodNotAllowed(let methods):
            answer = Answer(response: Self.methodNotAllowed(request, methods), route: nil)
        case .none:
            let surface = Surface(path: request.uri.path)
            answer = Answer(response: surface.failure(.notFound, "there is nothing at this path"), route: nil)
        }
        answer.response.headers[.requestID] = context.requestID
        answer.response.headers[.date] = dates.now()
        return answer
    }

    private static func methodNotAllowed(_ request: Request, _ methods: [HTTPRequest.Method]) -> Response {
        let names = methods.map(\.rawValue) + (methods.contains(.get) && !methods.contains(.head) ? ["HEAD"] : [])
        return Surface(path: request.uri.path).failure(
            .methodNotAllowed, code: Surface(path: request.uri.path) == .registry ? "UNSUPPORTED" : nil,
            "\(request.method.rawValue) is not possible here", headers: [.allow: names.joined(separator: ", ")])
    }

    /// The one place where errors become answers. A 5xx never shows its cause.
    private func answer(_ error: any Error, _ request: Request, _ context: HavenRequestContext) -> Response {
        if let error = error as? any AnswerableError {
            let response = error.response(for: request)
            if let cause = error.logMessage {
                let level: Logger.Level = response.status.code >= 500 ? .error : .notice
                context.logger.log(level: level, "request refused", metadata: ["error": "\(cause)"])
            }
            return response
        }
        let surface = Surface(path: request.uri.path)
        if error is ClientGone || error is CancellationError {
            return surface.failure(.serviceUnavailable, "the request was cancelled; try again")
        }
        context.logger.error("request failed", metadata: ["error": "\(error)"])
        return surface.failure(
            .internalServerError, "something went wrong here; the log has request \(context.requestID)")
    }

    /// Writes the request's line in the log and counts it, when the answer has left or cannot.
    ///
    /// - Parameter fault: Why the answer could not be sent whole; the client's leaving is no error.
    package func record(
        _ answer: Answer, _ head: HTTPRequest, _ context: HavenRequestContext, bytesIn: Int, bytesOut: Int,
        fault: (any Error)?
    ) {
        let duration = NIODeadline.now() - context.startedAt
        let wasCut = fault != nil
        // A handler whose client left may have failed for that alone: 499, as proxies have it, and no fault of ours.
        let status = fault is ClientGone && answer.response.status.code >= 500 ? 499 : answer.response.status.code
        metrics.finished(
            answer.route, status: status, nanoseconds: duration.nanoseconds, bytesIn: bytesIn,
            bytesOut: bytesOut, wasCut: wasCut)
        if let fault, !(fault is ClientGone), !(fault is CancellationError), !(fault is ChannelError) {
            context.logger.error("answer cut short", metadata: ["error": "\(fault)"])
        }
        guard let log else { return }
        var fields: [(key: String, value: String)] = []
        fields.reserveCapacity(14)
        if let agent = head.headerFields[.userAgent] { fields.append(("agent", agent)) }
        fields.append(("bytes", String(bytesOut)))
        if bytesIn > 0 { fields.append(("bytes.in", String(bytesIn))) }
        if wasCut { fields.append(("cut", "true")) }
        fields.append(("duration.ms", milliseconds(duration)))
        fields.append(("method", head.method.rawValue))
        fields.append(("path", head.path ?? ""))
        fields.append(("peer", context.clientAddress))
        fields.append(("request.id", context.requestID))
        fields.append(("status", String(status)))
        for note in context.notes.all {
            fields.insert(note, at: fields.firstIndex { $0.key > note.key } ?? fields.endIndex)
        }
        log(fields)
    }

    /// Whole microseconds with the point in its place; formatting a Double costs more than the rest of the line.
    private func milliseconds(_ duration: TimeAmount) -> String {
        let microseconds = max(0, duration.nanoseconds / 1000)
        let fraction = String(microseconds % 1000)
        return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)"
    }

    /// Counts a message that was no request.
    func countRefused(_ status: HTTPResponse.Status) {
        metrics.refused(status.code)
    }
}
