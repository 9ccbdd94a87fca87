// SPDX-License-Identifier: Apache-2.0
package import Logging
package import NIOCore

/// What is known of a request beside its head and body.
package struct HavenRequestContext: Sendable {
    /// The id in the log and in the answer's `X-Request-Id`.
    package let requestID: String
    /// The connection or HTTP/2 stream; nil for a request that came over no wire.
    package let channel: (any Channel)?
    /// The client's address without port, as a trusted proxy or the socket says.
    package let clientAddress: String
    /// `http` or `https`, as the client saw it.
    package let clientScheme: String
    /// The authority the client asked for: host, and port when it was written. For the token realm.
    package let host: String
    /// The named segments of the route's pattern.
    package internal(set) var parameters = RouteParameters()
    /// What handlers add to the request's log line.
    package let notes: RequestNotes
    /// What earlier requests of the connection left.
    package let memo: ConnectionMemo
    /// When the head had arrived.
    package let startedAt: NIODeadline
    private let baseLogger: Logger

    package init(
        requestID: String, channel: (any Channel)? = nil, clientAddress: String = "", clientScheme: String = "http",
        host: String = "localhost", logger: Logger, notes: RequestNotes = RequestNotes(),
        memo: ConnectionMemo = ConnectionMemo(), startedAt: NIODeadline = .now()
    ) {
        self.requestID = requestID
        self.channel = channel
        self.clientAddress = clientAddress
        self.clientScheme = clientScheme
        self.host = host
        self.baseLogger = logger
        self.notes = notes
        self.memo = memo
        self.startedAt = startedAt
    }

    /// A logger whose lines carry the request's id. Made on demand, for most requests log nothing of their own.
    package var logger: Logger {
        var logger = baseLogger
        logger[metadataKey: "request.id"] = "\(requestID)"
        return logger
    }
}
