// SPDX-License-Identifier: Apache-2.0
import CHiredis
import NIOCore

/// Turns the bytes of a connection into replies, by hiredis' reader.
///
/// The reader parses; the replies are made here, as they are read. So nothing is reserved because a server says that much
/// will come: memory follows the bytes that came, and these are limited.
///
/// Not for several threads at once. After an error the reader is of no further use.
final class RedisReplyReader {
    /// The most elements of one array.
    static let longestArray = 4_096

    private let reader: UnsafeMutablePointer<redisReader>
    private let limit: Int
    /// The bytes that were fed and belong to no finished reply.
    private var pending = 0

    /// - Parameter limit: The longest reply in bytes, as it is on the wire.
    init(limit: Int) throws(RedisFault) {
        guard let reader = redisReaderCreateWithFunctions(Self.makers) else { throw .malformed("no memory for it") }
        self.reader = reader
        self.limit = limit
    }

    deinit { redisReaderFree(reader) }

    /// Takes in what the connection gave.
    func feed(_ buffer: ByteBuffer) throws(RedisFault) {
        pending += buffer.readableBytes
        guard pending <= limit else { throw .malformed("a reply is longer than \(limit) bytes") }
        let status = buffer.withUnsafeReadableBytes { bytes in
            redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard status == REDIS_OK else { throw failure }
    }

    /// The next whole reply; nil until more bytes come.
    func next() throws(RedisFault) -> RedisReply? {
        var found: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &found) == REDIS_OK else { throw failure }
        guard let found else { return nil }
        pending = reader.pointee.len - reader.pointee.pos
        // The pointer is the one that `make` retained for the outermost part.
        return Unmanaged<ReplyPart>.fromOpaque(found).takeRetainedValue().reply
    }

    private var failure: RedisFault {
        let text = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return .malformed(text)
    }
}

/// A reply that is still being read: arrays get their elements one by one.
private final class ReplyPart {
    var leaf: RedisReply
    var elements: [ReplyPart]?

    init(_ leaf: RedisReply) { self.leaf = leaf }

    /// hiredis nests seven arrays at most, so the recursion ends.
    var reply: RedisReply { elements.map { .array($0.map(\.reply)) } ?? leaf }
}

extension RedisReplyReader {
    /// The functions by which hiredis makes and drops replies.
    ///
    /// Made once and never changed or freed, so any thread may read it.
    nonisolated(unsafe) private static let makers: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        functions.initialize(
            to: redisReplyObjectFunctions(
                createString: { task, bytes, count in
                    let text = UnsafeRawBufferPointer(start: bytes, count: Int(count))
                    return add(ReplyPart(leaf(of: task, text)), task)
                },
                createArray: { task, count in
                    // Refused as if there were no memory; the connection ends then.
                    guard (0...longestArray).contains(Int(count)) else { return nil }
                    let part = ReplyPart(.null)
                    part.elements = []
                    return add(part, task)
                },
                createInteger: { task, number in add(ReplyPart(.integer(Int64(number))), task) },
                createNil: { task in add(ReplyPart(.null), task) },
                freeObject: { object in
                    // Only the outermost part is ever handed over; the others live in it.
                    if let object { Unmanaged<ReplyPart>.fromOpaque(object).release() }
                }))
        return functions
    }()

    private static func leaf(of task: UnsafePointer<redisReadTask>?, _ text: UnsafeRawBufferPointer) -> RedisReply {
        switch task?.pointee.type {
        case REDIS_REPLY_ERROR: .error(String(decoding: text, as: UTF8.self))
        case REDIS_REPLY_STATUS: .status(String(decoding: text, as: UTF8.self))
        default: .bytes(Array(text))
        }
    }

    /// Puts a part into the array that it belongs to, or hands it over as the outermost one.
    private static func add(_ part: ReplyPart, _ task: UnsafePointer<redisReadTask>?) -> UnsafeMutableRawPointer? {
        guard let parent = task?.pointee.parent?.pointee.obj else { return Unmanaged.passRetained(part).toOpaque() }
        Unmanaged<ReplyPart>.fromOpaque(parent).takeUnretainedValue().elements?.append(part)
        return Unmanaged.passUnretained(part).toOpaque()
    }
}
