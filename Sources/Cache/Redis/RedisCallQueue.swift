// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// The calls of one connection whose replies are still to come, in the order in which they will come.
struct RedisCallQueue<Waiter> {
    struct Call {
        /// Who wants the reply; nil when nobody does.
        let waiter: Waiter?
        /// The size of the command, in bytes.
        let bytes: Int
        /// When the reply is late.
        let deadline: NIODeadline
    }

    private var calls = CircularBuffer<Call>()
    private var bytes = 0
    private let limits: RedisLimits

    init(limits: RedisLimits) { self.limits = limits }

    /// When the first of the calls is late. That need not be the oldest: a sign of life may take longer than a request.
    var deadline: NIODeadline? { calls.lazy.map(\.deadline).min() }

    /// Adds a call that is about to be sent.
    ///
    /// - Returns: false, and nothing is added, when there is as much under way as is allowed.
    mutating func add(_ call: Call) -> Bool {
        guard calls.count < limits.calls, bytes + call.bytes <= limits.commandBytes else { return false }
        calls.append(call)
        bytes += call.bytes
        return true
    }

    /// The call that the reply belongs to that just came; nil when nothing was asked.
    mutating func next() -> Call? {
        guard let call = calls.popFirst() else { return nil }
        bytes -= call.bytes
        return call
    }
}

/// What one connection may hold.
struct RedisLimits: Sendable, Hashable {
    /// Calls under way.
    var calls = 1_024
    /// Bytes of the commands under way. A server that hangs is sent no more than this.
    var commandBytes = 8 << 20
    /// Bytes of one reply.
    var replyBytes = 24 << 20
}
