// SPDX-License-Identifier: Apache-2.0

/// One reply of a Redis server, as RESP2 has them.
enum RedisReply: Sendable, Hashable {
    /// `+OK`.
    case status(String)
    /// `-READONLY …`: the server refused one command; the connection goes on.
    case error(String)
    case integer(Int64)
    case bytes([UInt8])
    /// An absent value.
    case null
    case array([RedisReply])

    /// The text of a status or of a value; nil for anything else.
    var text: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    var isOK: Bool { self == .status("OK") }
}

/// Why a server could not be asked, or what it answered that is no answer.
enum RedisFault: Error, Hashable {
    /// It did not answer in time. The connection is given up, for a late reply would be taken for the next one.
    case timeout
    /// The connection ended, or never came to be; the text says why.
    case connection(String)
    /// What came over the connection is not Redis' protocol, or is longer than we read.
    case malformed(String)
    /// As much as we allow is under way already.
    case overloaded
    /// The server refused: the first word of its error, such as `WRONGPASS`, and the rest.
    case refused(String)
    /// The server is no primary (any more): a replica, or one that is still loading.
    case notPrimary(String)
}

extension RedisFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .timeout: "no answer in time"
        case .connection(let reason): reason
        case .malformed(let reason): "not Redis' protocol: \(reason)"
        case .overloaded: "too much is under way"
        case .refused(let error): "refused: \(error)"
        case .notPrimary(let what): "not the primary: \(what)"
        }
    }
}
