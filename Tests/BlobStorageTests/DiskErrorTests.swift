// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Foundation
import TestKit
import Testing

@Suite("disk errors", .serialized)
struct DiskErrorTests {
    /// Below and above one batch, one part and two.
    private static let blobs = ["small=3000", "large=2500000", "twice=1200000+70000", "after=10"]
    private static let sizes = ["small": 3000, "large": 2_500_000, "twice": 1_270_000, "after": 10]

    private struct Failure {
        let call: String
        let turn: Int
        let code: Int32
    }

    private static let failures: [Failure] = {
        let turns = ["pwrite": 4, "fdatasync": 5, "fsync": 5, "close": 5, "copy_file_range": 2]
        return turns.sorted { $0.key < $1.key }.flatMap { call, count in
            (1...count).map { Failure(call: call, turn: $0, code: $0.isMultiple(of: 2) ? ENOSPC : EIO) }
        }
    }()

    @Test("a call that fails costs its own blob, and no other; the name is given up")
    func failures() async throws {
        try await withTemporaryFolder { folder in
            let shim = try await shim(in: folder)
            // The folders are made before anything may fail.
            _ = try await BlobPeer(root: "\(folder)/store").run([])
            for failure in Self.failures { try await fail(failure, shim, in: "\(folder)/store") }
        }
    }

    private func fail(_ failure: Failure, _ shim: String, in root: String) async throws {
        let what: Comment = "\(failure.call) number \(failure.turn) fails with \(failure.code)"
        var peer = BlobPeer(root: root)
        peer.environment = [
            "LD_PRELOAD": shim, "FAIL_CALL": failure.call, "FAIL_AT": "\(failure.turn)",
            "FAIL_ERRNO": "\(failure.code)",
        ]
        let (lines, status) = try await peer.run(Self.blobs)
        #expect(status == 0, what)
        #expect(lines.count == 4, what)
        #expect(lines.failed.count == 1, what)
        let error = lines.failed.values.first ?? ""
        #expect(failure.code == ENOSPC ? error == "full" : error.hasPrefix("lost"), what)
        try await expectReadable(lines.stored, in: root)
    }

    @Test("a process that dies between two steps leaves every blob it spoke of, and no doubt about the others")
    func crashes() async throws {
        try await withTemporaryFolder { root in
            for point in ["storage.afterCreate", "storage.afterWrite", "storage.afterFlush", "upload.afterPart"] {
                for turn in 1...4 { try await crash(at: point, turn, in: root) }
            }
            try await crash(at: "commit.afterAssemble", 1, in: root)
            try await crash(at: "commit.afterFsync", 1, in: root)
        }
    }

    private func crash(at point: String, _ turn: Int, in root: String) async throws {
        var peer = BlobPeer(root: root)
        peer.environment = ["HAVEN_FAULT": "\(point):crash@\(turn)"]
        let (lines, status) = try await peer.run(Self.blobs)
        #expect(status == 128 + 9, "\(point) \(turn)")
        #expect(lines.failed.isEmpty)
        try await expectReadable(lines.stored, in: root)
    }

    private func expectReadable(_ stored: [String: BlobLocation], in root: String) async throws {
        let store = try await FilesystemBlobStore.open(root: root)
        for (name, location) in stored {
            let bytes = try await BlobStoreContract.content(of: location, in: store)
            let expected = BlobPeer.bytes(of: name, count: Self.sizes[name] ?? 0)
            #expect(bytes == expected, "\(name)")
        }
        await store.close()
    }

    /// Compiles the shim that fails calls.
    private func shim(in folder: String) async throws -> String {
        let source = (#filePath as NSString).deletingLastPathComponent + "/Shim/failing_calls.c"
        let compiler = ["cc", "clang", "gcc"].first { Tool.path(of: $0) != nil } ?? "cc"
        try await Tool(compiler).check("-shared", "-fPIC", "-O1", "-o", "\(folder)/shim.so", source, "-ldl")
        return "\(folder)/shim.so"
    }
}
