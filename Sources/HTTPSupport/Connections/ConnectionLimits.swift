// SPDX-License-Identifier: Apache-2.0

/// What one client may take of a server: bytes, time and numbers.
package struct ConnectionLimits: Sendable {
    /// Connections at once over all listeners; further ones wait in the kernel's queue.
    package var connections = 8192
    /// Requests on one HTTP/1 connection before it is closed; nil for no limit.
    package var requestsPerConnection: Int?
    /// One header field's name and value, in bytes.
    package var headerFieldBytes = 16 * 1024
    /// All header fields of one request together, in bytes.
    package var headerBytes = 64 * 1024
    package var headerFields = 100
    /// From accept to the end of the first head, TLS handshake included.
    package var headTimeout = Duration.seconds(20)
    /// Between an answer and the end of the next head.
    package var keepAliveTimeout = Duration.seconds(75)
    /// Without a single byte of a body that a handler waits for.
    package var bodyIdleTimeout = Duration.seconds(60)
    /// Without any progress of an answer that waits for the client.
    package var writeStallTimeout = Duration.seconds(60)
    /// Bytes a second that a client must send or take on average while it is waited for, after `rateGrace`.
    package var minimumRate = 512
    /// How long a client is waited for in one transfer before `minimumRate` counts.
    package var rateGrace = Duration.seconds(60)
    /// A rest of an unread body up to this many bytes is read and dropped to keep the connection.
    package var keepAliveRemainder = 64 * 1024
    /// How much of an unread body is read and dropped after an answer, so that the client gets to read the answer.
    package var lingerBytes = 64 * 1024 * 1024
    /// How long that may take.
    package var lingerTimeout = Duration.seconds(5)
    /// How long the handler of a request that changes something may go on after its client left.
    package var departureGrace = Duration.seconds(30)
    /// Streams at once on one HTTP/2 connection.
    package var streams = 128
    /// Streams a client may reset in 30 s before its HTTP/2 connection is closed (CVE-2023-44487).
    package var streamResets = 200

    package init() {}

    /// How long a client may take for the end of an answer that is already written.
    ///
    /// - Parameter bytes: The length of its body; of a long one most is taken already.
    func timeToTake(_ bytes: Int) -> Duration {
        writeStallTimeout + .seconds(min(bytes, 4 * 1024 * 1024) / (16 * 1024))
    }
}
