// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import NIOCore
import TestKit
import Testing

@testable import CloudStorage

@Suite("Parts on their way to an object store", .enabled(if: SmallDisk.isPossible, "only root may mount a small disk"))
struct SpoolTests {
    @Test("a full disk refuses no part: it goes on in memory, and what was written before stays readable")
    func goesOnInMemory() async throws {
        try await withSpool(spare: 8 << 20) { spool in
            let bytes = SpooledBytes(in: spool, .sha256)
            let text = try await fill(bytes, 5 << 20)
            #expect(bytes.count == 5 << 20)
            var read = ByteBuffer()
            for try await piece in SpooledBody(bytes) { read.writeImmutableBuffer(piece) }
            #expect(read == text)
        }
    }

    @Test("memory for parts is limited, and free again once the parts are gone")
    func isLimited() async throws {
        try await withSpool(spare: 3 << 20) { spool in
            do {
                let first = SpooledBytes(in: spool, [])
                try await fill(first, 2 << 20)
                let second = SpooledBytes(in: spool, [])
                await #expect(throws: BlobStorageError.full) { try await fill(second, 4 << 20) }
                #expect(first.count == 2 << 20)
            }
            try await fill(SpooledBytes(in: spool, []), 2 << 20)
        }
    }

    /// A spool on a disk of one megabyte, half of it taken.
    private func withSpool(spare: Int64, _ body: (Spool) async throws -> Void) async throws {
        try await withSmallDisk(bytes: 1 << 20) { disk in
            try disk.fill(leaving: 512 << 10)
            let spool = try await Spool.open(folder: "\(disk.path)/spool", spare: spare)
            try await body(spool)
            await spool.close()
        }
    }

    /// Appends `count` bytes that differ from place to place.
    @discardableResult
    private func fill(_ bytes: SpooledBytes, _ count: Int) async throws -> ByteBuffer {
        var all = ByteBuffer()
        var word: UInt64 = 1
        while all.readableBytes < count {
            word = word &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            all.writeInteger(word)
        }
        for start in stride(from: 0, to: count, by: 128 << 10) {
            guard let piece = all.getSlice(at: start, length: 128 << 10) else { break }
            try await bytes.append(piece)
        }
        return all
    }
}
