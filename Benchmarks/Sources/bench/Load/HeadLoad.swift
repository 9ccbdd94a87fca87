// SPDX-License-Identifier: Apache-2.0
import Foundation

/// HEAD requests in a closed loop, because `wrk` waits for the body that an answer to HEAD announces and never has.
///
/// Two threads, each with half of the connections and one `poll`.
struct HeadLoad {
    func run(_ request: LoadRequest, connections: Int, seconds: Int) throws -> LoadResult {
        var head = "HEAD \(request.path) HTTP/1.1\r\nHost: 127.0.0.1:\(request.port)\r\n"
        for (name, value) in request.headers { head += "\(name): \(value)\r\n" }
        let bytes = Array((head + "\r\n").utf8)
        let port = request.port
        let (elapsed, halves) = try timed {
            try inParallel(2) { _ in
                let loop = try HeadLoop(port: port, connections: connections / 2, request: bytes)
                defer { loop.close() }
                return try loop.run(until: now() + Double(seconds))
            }
        }
        let latencies = halves.flatMap { $0 }.sorted()
        return LoadResult(
            requests: latencies.count, seconds: elapsed,
            p50Milliseconds: percentile(0.5, of: latencies) * 1e3,
            p99Milliseconds: percentile(0.99, of: latencies) * 1e3)
    }
}

/// The connections of one thread.
private final class HeadLoop {
    private var waiting: [pollfd]
    private var sentAt: [Double]
    /// How much of CR LF CR LF each answer has shown last.
    private var endings: [Int]
    private var started: [Bool]
    private let request: [UInt8]
    private var latencies: [Double] = []

    init(port: Int, connections: Int, request: [UInt8]) throws {
        waiting = try (0..<connections).map { _ in
            pollfd(fd: try openSocket(port: port), events: Int16(POLLIN), revents: 0)
        }
        sentAt = Array(repeating: 0, count: connections)
        endings = Array(repeating: 0, count: connections)
        started = Array(repeating: false, count: connections)
        self.request = request
        latencies.reserveCapacity(1 << 20)
    }

    func close() { for entry in waiting { Glibc.close(entry.fd) } }

    /// Seconds that each answered request took.
    func run(until deadline: Double) throws -> [Double] {
        for index in waiting.indices { try send(index) }
        var buffer = [UInt8](repeating: 0, count: 8192)
        while now() < deadline {
            guard poll(&waiting, nfds_t(waiting.count), 10_000) > 0 else {
                throw BenchmarkFailure("no answer to HEAD for 10 s")
            }
            for index in waiting.indices where waiting[index].revents != 0 { try receive(index, &buffer) }
        }
        return latencies
    }

    private func send(_ index: Int) throws {
        sentAt[index] = now()
        let sent = Glibc.send(waiting[index].fd, request, request.count, Int32(MSG_NOSIGNAL))
        guard sent == request.count else { throw BenchmarkFailure("a HEAD request could not be sent") }
    }

    /// Reads what is there; the blank line ends the answer and the next request goes out.
    private func receive(_ index: Int, _ buffer: inout [UInt8]) throws {
        let count = recv(waiting[index].fd, &buffer, buffer.count, 0)
        guard count > 0 else { throw BenchmarkFailure("the server closed a connection between HEAD requests") }
        if !started[index], !buffer[9...11].elementsEqual("200".utf8) {
            throw BenchmarkFailure("HEAD was answered: \(String(decoding: buffer[..<min(count, 300)], as: UTF8.self))")
        }
        started[index] = true
        var ending = endings[index]
        for byte in buffer[..<count] {
            let expected: UInt8 = ending.isMultiple(of: 2) ? 13 : 10
            ending = byte == expected ? ending + 1 : (byte == 13 ? 1 : 0)
        }
        endings[index] = ending
        guard ending == 4 else { return }
        endings[index] = 0
        started[index] = false
        latencies.append(now() - sentAt[index])
        try send(index)
    }
}
