// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Foundation
import TestKit
import Testing

@Suite("order of flushes", .enabled(if: Tool.path(of: "strace") != nil, "strace is not on this machine"))
struct FlushOrderTests {
    @Test("bytes, then close, then the folder are flushed before anybody is told")
    func order() async throws {
        try await withTemporaryFolder { folder in
            let (lines, trace) = try await traced(["small=100", "large=3000000", "twice=70000+70000"], in: folder)
            #expect(lines.stored.count == 3)
            for (name, location) in lines.stored {
                let file = location.rawValue
                let parent = (file as NSString).deletingLastPathComponent + ">"
                let wrote = try #require(
                    trace.last("pwrite64", file) ?? trace.last("copy_file_range", file), "\(name) was never written")
                let flushed = try #require(trace.first("fdatasync", file), "\(name) was never flushed")
                let closed = try #require(trace.calls.first { $0.name == "close" && $0.arguments.contains(file) })
                let listed = try #require(trace.last("fsync", parent), "the folder of \(name) was never flushed")
                let told = try #require(trace.first("write", "ok \(name)"))
                #expect(wrote.ended < flushed.began, "\(name)")
                #expect(flushed.ended < closed.began, "\(name)")
                #expect(closed.ended < listed.began, "\(name)")
                #expect(listed.ended < told.began, "\(name)")
            }
        }
    }

    @Test("a large part is written while it comes in: past the page cache, or written back from it")
    func writeBack() async throws {
        try await withTemporaryFolder { folder in
            let (_, trace) = try await traced(["large=40000000"], in: folder)
            let leavesCache = trace.first("fcntl", "O_DIRECT") != nil
            #expect(trace.count("sync_file_range") >= (leavesCache ? 1 : 3))
            #expect(trace.count("pwrite64") >= 30)
        }
    }

    @Test("a second start makes and flushes no folders")
    func secondStart() async throws {
        try await withTemporaryFolder { folder in
            let (_, first) = try await traced([], in: folder)
            #expect(first.count("mkdir") >= 256)
            #expect(first.count("fsync") >= 256)
            let (_, second) = try await traced([], in: folder)
            #expect(second.count("mkdir") == 0)
            #expect(second.count("fsync") == 0)
        }
    }

    @Test("the folders are flushed before the marker that vouches for them is made")
    func folders() async throws {
        try await withTemporaryFolder { folder in
            let (_, trace) = try await traced([], in: folder)
            let marker = try #require(trace.first("openat", ".complete"))
            let folders = trace.calls.filter { $0.name == "fsync" && $0.ended < marker.began }
            #expect(folders.count >= 257)
            let made = try #require(trace.calls.last { $0.name == "mkdir" })
            #expect(made.ended < marker.began)
        }
    }

    private func traced(
        _ blobs: [String], in folder: String
    ) async throws -> (lines: [BlobPeer.Line], trace: SystemCallTrace) {
        let output = "\(folder)/trace"
        let calls = "trace=openat,mkdir,pwrite64,fdatasync,fsync,sync_file_range,copy_file_range,close,write,fcntl"
        let (lines, status) = try await BlobPeer(root: "\(folder)/store").run(
            blobs, under: ["strace", "-f", "-y", "-s", "200", "-e", calls, "-o", output])
        #expect(status == 0)
        return (lines, SystemCallTrace(parsing: try String(contentsOfFile: output, encoding: .utf8)))
    }
}
