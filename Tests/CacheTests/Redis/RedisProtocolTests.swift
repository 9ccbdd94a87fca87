// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Testing

@testable import Cache

@Suite("Redis' protocol")
struct RedisProtocolTests {
    private static let replies: [(String, RedisReply)] = [
        ("+OK\r\n", .status("OK")), ("-ERR no\r\n", .error("ERR no")), (":-7\r\n", .integer(-7)),
        (":9223372036854775807\r\n", .integer(.max)), ("$-1\r\n", .null), ("*-1\r\n", .null),
        ("$0\r\n\r\n", .bytes([])),
        ("$5\r\na\r\nb\0\r\n", .bytes(Array("a\r\nb\0".utf8))), ("*0\r\n", .array([])),
        (
            "*3\r\n$1\r\na\r\n$-1\r\n*2\r\n:1\r\n+x\r\n",
            .array([.bytes([97]), .null, .array([.integer(1), .status("x")])])
        ),
        (
            "*2\r\n*1\r\n*1\r\n$1\r\nz\r\n-E\r\n",
            .array([.array([.array([.bytes([122])])]), .error("E")])
        ),
    ]

    @Test("replies are read as they are, alone", arguments: replies)
    func alone(_ wire: String, _ reply: RedisReply) throws {
        let reader = try RedisReplyReader(limit: 1_000)
        try reader.feed(ByteBuffer(string: wire))
        #expect(try reader.next() == reply)
        #expect(try reader.next() == nil)
    }

    @Test("replies are read in any pieces", arguments: [1, 2, 3, 7, 1_000])
    func pieces(_ size: Int) throws {
        let reader = try RedisReplyReader(limit: 1_000)
        var read: [RedisReply] = []
        var rest = Self.replies.flatMap { Array($0.0.utf8) }[...]
        while !rest.isEmpty {
            try reader.feed(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
            while let reply = try reader.next() { read.append(reply) }
        }
        #expect(read == Self.replies.map(\.1))
    }

    @Test(
        "what is no reply, or promises too much, is refused",
        arguments: [
            "HTTP/1.1 200 OK\r\n", "?\r\n", "$x\r\n", ":12a\r\n", "*99999999\r\n", "*4097\r\n", "*2147483648\r\n",
            "*9223372036854775808\r\n", "$-2\r\n", "$99999999999999999999\r\n", "*-2\r\n",
            String(repeating: "*1\r\n", count: 12),
        ])
    func hostile(_ wire: String) throws {
        let reader = try RedisReplyReader(limit: 1_000)
        #expect(throws: RedisFault.self) {
            try reader.feed(ByteBuffer(string: wire))
            _ = try reader.next()
        }
    }

    @Test("a reply is held up to the limit and no longer")
    func limit() throws {
        let reader = try RedisReplyReader(limit: 100)
        for _ in 0..<50 {
            try reader.feed(ByteBuffer(string: "$60\r\n" + String(repeating: "x", count: 60) + "\r\n"))
            #expect(try reader.next() == .bytes([UInt8](repeating: 120, count: 60)))
        }
        try reader.feed(ByteBuffer(string: "$90\r\n" + String(repeating: "x", count: 50)))
        #expect(try reader.next() == nil)
        #expect(throws: RedisFault.malformed("a reply is longer than 100 bytes")) {
            try reader.feed(ByteBuffer(string: String(repeating: "x", count: 60)))
        }
    }

    @Test("damaged streams end in an error or in replies, never in a crash")
    func damaged() throws {
        let sound = Self.replies.flatMap { Array($0.0.utf8) }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3_000 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                    Array("*$:+-0129\r\nx".utf8).randomElement() ?? 0
            }
            let reader = try RedisReplyReader(limit: 10_000)
            var count = 0
            do throws(RedisFault) {
                try reader.feed(ByteBuffer(bytes: bytes))
                while try reader.next() != nil { count += 1 }
            } catch {
                #expect(error.description.hasPrefix("not Redis' protocol: "))
            }
            #expect(count <= bytes.count)
        }
    }

    @Test("a command is written with lengths, whatever its words hold")
    func command() throws {
        let command = RedisCommand([Array("SET".utf8), [], Array("a\r\nb".utf8), [0, 255]])
        let expected =
            Array("*4\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n$2\r\n".utf8) + [0, 255] + Array("\r\n".utf8)
        #expect(try Array(buffer: command.encoded()) == expected)
        #expect(throws: RedisFault.self) { _ = try RedisCommand([[UInt8]]()).encoded() }
    }

    @Test("no more is under way than is allowed, in calls and in bytes; room comes back with each reply")
    func queue() {
        var limits = RedisLimits()
        (limits.calls, limits.commandBytes) = (3, 100)
        var queue = RedisCallQueue<Int>(limits: limits)
        let now = NIODeadline.now()
        func add(_ waiter: Int, _ bytes: Int, _ seconds: Int64 = 1) -> Bool {
            queue.add(.init(waiter: waiter, bytes: bytes, deadline: now + .seconds(seconds)))
        }
        let added = [add(1, 60, 9), add(2, 41), add(3, 40, 5), add(4, 0, 7), add(5, 0)]
        #expect(added == [true, false, true, true, false])
        #expect(queue.deadline == now + .seconds(5))
        let first = queue.next()
        #expect(first?.waiter == 1)
        let again = [add(6, 61), add(7, 60)]
        #expect(again == [false, true])
        var order: [Int] = []
        while let next = queue.next() { order.append(next.waiter ?? 0) }
        #expect(order == [3, 4, 7])
        #expect(queue.deadline == nil)
    }
}
