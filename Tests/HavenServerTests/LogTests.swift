// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import HavenServer
import Logging
import Synchronization
import Testing

/// A target that keeps what is written, and can refuse.
private final class MemoryLogTarget: LogTarget {
    private struct State {
        var bytes: [UInt8] = []
        var isFailing = false
    }

    private let state = Mutex(State())
    var isFailing: Bool {
        get { state.withLock { $0.isFailing } }
        set { state.withLock { $0.isFailing = newValue } }
    }
    var lines: [String] {
        state.withLock { String(decoding: $0.bytes, as: UTF8.self) }.split(separator: "\n").map(String.init)
    }

    func write(_ lines: [UInt8]) -> Bool {
        state.withLock { state in
            if !state.isFailing { state.bytes += lines }
            return !state.isFailing
        }
    }

    func reopen() {}
}

@Suite("log lines")
struct LogLineTests {
    private func line(_ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        String(decoding: LogLine.bytes(time: 0, level: .info, message: message, metadata: metadata), as: UTF8.self)
    }

    @Test("a line has time, level, message and pairs in the order of their keys")
    func form() {
        #expect(
            line("blob pushed", ["digest": "sha256:00", "bytes": "5"]).hasSuffix(
                "Z info     blob pushed bytes=5 digest=sha256:00\n"))
        #expect(line("x").hasPrefix("1970-01-01T00:00:00"))
    }

    @Test("nothing that a client sends begins a line or a pair of its own")
    func injection() {
        let hostile = line(
            "x", ["tag": "a\n1970 error admin=true", "caller": "b c=\"d\"", "peer": "\u{1b}[2J\u{2028}"])
        #expect(hostile.filter { $0 == "\n" }.count == 1)
        #expect(hostile.contains(#"tag="a\n1970 error admin=true""#))
        #expect(hostile.contains(#"caller="b c=\"d\"""#))
        #expect(hostile.contains(#"peer="\u{1b}[2J\u{2028}""#))
    }

    @Test("a long value is cut")
    func long() {
        #expect(line("x", ["tag": "\(String(repeating: "y", count: 100_000))"]).utf8.count < 3_000)
    }

    @Test("lists and tables stand on the line")
    func nested() {
        #expect(line("x", ["a": ["1", "2"], "b": ["k": "v"]]).hasSuffix("a=[1,2] b={k:v}\n"))
    }
}

@Suite("the log writer")
struct LogWriterTests {
    @Test("writes every line in order")
    func order() {
        let target = MemoryLogTarget()
        let writer = LogWriter(to: target)
        var logger = Logger(label: "test") { _ in LineLogHandler(writer, level: .info) }
        logger[metadataKey: "request.id"] = "r1"
        for number in 0..<1_000 { logger.info("step", metadata: ["number": "\(number)"]) }
        logger.debug("not written")
        writer.flush()
        #expect(target.lines.count == 1_000)
        #expect(target.lines.enumerated().allSatisfy { $1.hasSuffix("step number=\($0) request.id=r1") })
    }

    @Test("drops what does not fit, counts it, and says so once there is room")
    func dropped() {
        let target = MemoryLogTarget()
        let writer = LogWriter(to: target, limit: 100)
        let line = Array(String(repeating: "x", count: 99).utf8) + [UInt8(ascii: "\n")]
        target.isFailing = true
        writer.write(line)
        writer.flush()
        target.isFailing = false
        writer.write(line)
        writer.flush()
        #expect(target.lines.count == 2)
        #expect(target.lines.last?.hasSuffix("log lines were dropped count=1") == true)
    }

    @Test("never holds more than its limit")
    func bounded() {
        let target = MemoryLogTarget()
        let writer = LogWriter(to: target, limit: 100)
        writer.write(Array(repeating: UInt8(ascii: "x"), count: 101))
        writer.flush()
        #expect(target.lines.map { $0.suffix(30) } == ["log lines were dropped count=1"])
    }
}

@Suite("a log file")
struct RotatingLogFileTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = "/tmp/haven-log-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func write(_ count: Int, to file: RotatingLogFile) {
        for number in 0..<count { #expect(file.write(Array("line \(number)\n".utf8))) }
    }

    @Test("rotates at its size and keeps as many files as asked, the newest in .1")
    func rotates() throws {
        try inFolder { folder in
            let path = folder + "/haven.log"
            write(10, to: try RotatingLogFile(path: path, sizeLimit: 14, count: 2))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
                    "haven.log", "haven.log.1", "haven.log.2",
                ])
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "line 8\nline 9\n")
            #expect(try String(contentsOfFile: path + ".1", encoding: .utf8) == "line 6\nline 7\n")
            #expect(try String(contentsOfFile: path + ".2", encoding: .utf8) == "line 4\nline 5\n")
        }
    }

    @Test("with a count of 0 a full file begins anew; with a size of 0 it grows")
    func zero() throws {
        try inFolder { folder in
            write(10, to: try RotatingLogFile(path: folder + "/a", sizeLimit: 14, count: 0))
            write(10, to: try RotatingLogFile(path: folder + "/b", sizeLimit: 0, count: 5))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a", "b"])
            #expect(try String(contentsOfFile: folder + "/a", encoding: .utf8) == "line 8\nline 9\n")
            #expect(try String(contentsOfFile: folder + "/b", encoding: .utf8).utf8.count == 70)
        }
    }

    @Test("is continued after a start, is for its owner only, and is made anew after it was moved away")
    func reopened() throws {
        try inFolder { folder in
            let path = folder + "/haven.log"
            write(1, to: try RotatingLogFile(path: path, sizeLimit: 0, count: 1))
            let file = try RotatingLogFile(path: path, sizeLimit: 0, count: 1)
            write(1, to: file)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "line 0\nline 0\n")
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
            file.reopen()
            write(1, to: file)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "line 0\n")
        }
    }

    @Test("that cannot be opened is an error that names it")
    func cannotOpen() {
        #expect {
            _ = try RotatingLogFile(path: "/nonexistent/haven.log", sizeLimit: 0, count: 0)
        } throws: { "\($0)".contains("/nonexistent/haven.log") }
    }
}
