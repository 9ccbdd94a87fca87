// SPDX-License-Identifier: Apache-2.0
import CLinux
import Foundation

/// What a request carries.
enum Body {
    case none
    case bytes([UInt8])
    /// The file's bytes, with a length, by sendfile: the cheapest client there is.
    case file(String)
    /// The file's bytes as chunks of this many bytes and without a length, as `docker push` sends a layer.
    case chunks(MappedFile, size: Int)
}

/// One answer, body included.
struct Answer {
    let status: Int
    let headers: [String: String]
    let body: [UInt8]
}

/// A keep-alive HTTP/1.1 connection to a port of the loopback address, blocking, for one thread.
final class Connection {
    let port: Int
    private var descriptor: Int32
    private var received: [UInt8] = []

    init(port: Int) throws {
        self.port = port
        descriptor = try openSocket(port: port)
    }

    deinit { close(descriptor) }

    /// Sends a request and reads the whole answer.
    func send(
        _ method: String, _ path: String, _ headers: [(String, String)] = [], body: Body = .none
    ) throws -> Answer {
        try start(method, path, headers, body: body)
        let head = try readHead()
        let answer = Answer(status: head.status, headers: head.headers, body: try readBody(of: head, to: method))
        if head.headers["connection"]?.lowercased() == "close" { try reopen() }
        return answer
    }

    /// Sends a request and leaves the answer unread.
    func start(_ method: String, _ path: String, _ headers: [(String, String)] = [], body: Body = .none) throws {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        switch body {
        case .none:
            if method != "GET" && method != "HEAD" { head += "Content-Length: 0\r\n" }
            try write(Array((head + "\r\n").utf8))
        case .bytes(let bytes):
            head += "Content-Length: \(bytes.count)\r\n\r\n"
            try write(Array(head.utf8) + bytes)
        case .file(let path):
            head += "Content-Length: \(try fileSize(path))\r\n\r\n"
            try write(Array(head.utf8))
            try sendFile(path)
        case .chunks(let file, let size):
            try write(Array((head + "Transfer-Encoding: chunked\r\n\r\n").utf8))
            try sendChunks(file, size)
            try write(Array("0\r\n\r\n".utf8))
        }
    }

    /// Reads `count` bytes of the answer, whatever they are, and drops them.
    func drop(_ count: Int) throws {
        var left = count
        while left > 0 { left -= try receive(upTo: min(left, 1 << 18)).count }
    }

    /// Sends bytes as they are: for requests that stop in the middle.
    func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

    private func reopen() throws {
        close(descriptor)
        received = []
        descriptor = try openSocket(port: port)
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        var offset = 0
        while offset < bytes.count {
            let sent = Glibc.send(descriptor, bytes.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL))
            guard sent > 0 else { throw BenchmarkFailure("send: \(String(cString: strerror(errno)))") }
            offset += sent
        }
    }

    private func sendFile(_ path: String) throws {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw BenchmarkFailure("cannot open \(path)") }
        defer { close(file) }
        var left = try fileSize(path)
        while left > 0 {
            let sent = sendfile(descriptor, file, nil, min(left, 1 << 26))
            guard sent > 0 else { throw BenchmarkFailure("sendfile: \(String(cString: strerror(errno)))") }
            left -= sent
        }
    }

    private func sendChunks(_ file: MappedFile, _ size: Int) throws {
        var offset = 0
        while offset < file.bytes.count {
            let count = min(size, file.bytes.count - offset)
            let slice = UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + count])
            try write(chunk: slice, frame: Array((String(count, radix: 16) + "\r\n").utf8))
            offset += count
        }
    }

    /// One chunk in one system call; what the socket did not take follows piece by piece.
    private func write(chunk: UnsafeRawBufferPointer, frame: [UInt8]) throws {
        let end: [UInt8] = [13, 10]
        try frame.withUnsafeBytes { frame in
            try end.withUnsafeBytes { end in
                let pieces = [frame, chunk, end]
                let vectors = pieces.map { iovec(iov_base: .init(mutating: $0.baseAddress), iov_len: $0.count) }
                var sent = writev(descriptor, vectors, 3)
                guard sent > 0 else { throw BenchmarkFailure("writev: \(String(cString: strerror(errno)))") }
                for piece in pieces {
                    let skipped = min(sent, piece.count)
                    sent -= skipped
                    if skipped < piece.count { try write(UnsafeRawBufferPointer(rebasing: piece[skipped...])) }
                }
            }
        }
    }

    private func receive(upTo count: Int) throws -> [UInt8] {
        if !received.isEmpty {
            let taken = Array(received.prefix(count))
            received.removeFirst(taken.count)
            return taken
        }
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, recv(descriptor, buffer.baseAddress, count, 0))
        }
        guard !bytes.isEmpty else { throw BenchmarkFailure("the server closed the connection or fell silent") }
        return bytes
    }

    private func readHead() throws -> (status: Int, headers: [String: String]) {
        var bytes: [UInt8] = []
        while true {
            bytes += try receive(upTo: 1 << 14)
            guard let end = bytes.firstRange(of: [13, 10, 13, 10]) else { continue }
            received = Array(bytes[end.upperBound...])
            let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
            let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
            if status == 100 {
                bytes = []
                continue
            }
            let pairs = lines.dropFirst().compactMap { line -> (String, String)? in
                guard let colon = line.firstIndex(of: ":") else { return nil }
                let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                return (line[..<colon].lowercased(), value)
            }
            return (status, Dictionary(pairs) { $1 })
        }
    }

    private func readBody(of head: (status: Int, headers: [String: String]), to method: String) throws -> [UInt8] {
        if method == "HEAD" || head.status == 204 || head.status == 304 { return [] }
        if head.headers["transfer-encoding"]?.lowercased() == "chunked" { return try readChunks() }
        var body: [UInt8] = []
        let length = Int(head.headers["content-length"] ?? "0") ?? 0
        while body.count < length { body += try receive(upTo: min(length - body.count, 1 << 18)) }
        return body
    }

    private func readChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            guard let size = Int(try readLine(), radix: 16) else { throw BenchmarkFailure("bad chunk size") }
            var chunk: [UInt8] = []
            while chunk.count < size { chunk += try receive(upTo: size - chunk.count) }
            body += chunk
            _ = try readLine()
            if size == 0 { return body }
        }
    }

    private func readLine() throws -> String {
        var line: [UInt8] = []
        while true {
            let byte = try receive(upTo: 1)[0]
            if byte == 10 { return String(decoding: line, as: UTF8.self) }
            if byte != 13 { line.append(byte) }
        }
    }
}
