// SPDX-License-Identifier: Apache-2.0
import CHiredis
import NIOCore

/// One command for a Redis server: its name and arguments, any bytes.
struct RedisCommand: Sendable, Hashable {
    let words: [[UInt8]]

    init(_ words: [[UInt8]]) { self.words = words }

    init(_ words: String...) { self.words = words.map { Array($0.utf8) } }

    /// The command as it goes over the connection, by hiredis' formatter: lengths before bytes, so no argument can become
    /// another command.
    ///
    /// - Throws: ``RedisFault/malformed(_:)`` when there is no memory, or no word at all.
    func encoded() throws(RedisFault) -> ByteBuffer {
        let flat = words.flatMap { $0 }
        var text: UnsafeMutablePointer<CChar>?
        let count = flat.withUnsafeBytes { bytes in
            let lengths = words.map(\.count)
            var starts: [UnsafePointer<CChar>?] = []
            var start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            for length in lengths {
                starts.append(start)
                start = start?.advanced(by: length)
            }
            return Int(redisFormatCommandArgv(&text, Int32(lengths.count), &starts, lengths))
        }
        guard count > 0, !words.isEmpty, let text else { throw .malformed("the command could not be written") }
        defer { redisFreeCommand(text) }
        return ByteBuffer(bytes: UnsafeRawBufferPointer(start: text, count: count))
    }
}
