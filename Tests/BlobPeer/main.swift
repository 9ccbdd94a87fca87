// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Glibc
import NIOCore

// A process that stores blobs and says so, for tests that must watch, hinder or kill a process from outside.
//
//     blob-peer <root> <name>=<size>[+<size>…] …
//
// Each argument is one blob of one or more parts, whose bytes follow from its name. For each it prints
// `ok <name> <location>` once a row could name the blob, or `error <name> <error>`.

let arguments = CommandLine.arguments.dropFirst()
guard let root = arguments.first, let faults = FaultPoints(parsing: Variable.value("HAVEN_FAULT")) else {
    print("usage: blob-peer <root> <name>=<size>[+<size>...] ...")
    exit(2)
}
let store: FilesystemBlobStore
do throws(BlobStorageError) {
    store = try await FilesystemBlobStore.open(root: root, faults: faults)
} catch {
    say("error open \(error)")
    exit(1)
}
for argument in arguments.dropFirst() {
    let words = argument.split(separator: "=")
    let name = String(words[0])
    do throws(BlobStorageError) {
        let location = try await push(name, sizes: words[1].split(separator: "+").compactMap { Int($0) })
        say("ok \(name) \(location)")
    } catch {
        say("error \(name) \(error)")
    }
}
await store.close()

/// Stores one blob of as many parts as there are sizes.
func push(_ name: String, sizes: [Int]) async throws(BlobStorageError) -> BlobLocation {
    var plan = UploadPlan(base: store.newBase())
    let bytes = StoredBytes(of: name)
    for (index, size) in sizes.enumerated() {
        let writer = try await store.beginPart(index + 1, of: plan, at: plan.end)
        do throws(BlobStorageError) {
            for first in stride(from: 0, to: size, by: 65_536) {
                try await writer.write(bytes.piece(from: Int(plan.end) + first, count: min(65_536, size - first)))
            }
            plan.publish(try await writer.seal(), driver: writer.driver)
        } catch {
            await expectPoisoned(writer, after: error)
            await writer.abandon()
            throw error
        }
    }
    return try await store.assemble(plan, asNumber: sizes.count + 1, hashing: nil).location
}

/// A part that failed once must never be called durable.
func expectPoisoned(_ writer: any BlobPartWriter, after error: BlobStorageError) async {
    do throws(BlobStorageError) {
        _ = try await writer.seal()
        say("error: a part was sealed after \(error)")
        exit(3)
    } catch {
        return
    }
}

/// Prints a line at once: whoever reads it must not wait for a buffer.
func say(_ line: String) {
    let text = line + "\n"
    _ = text.withCString { write(1, $0, strlen($0)) }
}

enum Variable {
    static func value(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
}

/// The bytes of a blob: a block that follows from its name, again and again. Its length is a prime below that of the
/// pieces written, so that a piece in a wrong place shows.
struct StoredBytes {
    private let block: [UInt8]

    init(of name: String) {
        let word = Array(name.utf8)
        block = (0..<65_521).map { word[$0 % word.count] &+ UInt8(truncatingIfNeeded: $0 / word.count) }
    }

    func piece(from start: Int, count: Int) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        while buffer.readableBytes < count {
            let rest = block[((start + buffer.readableBytes) % block.count)...]
            buffer.writeBytes(rest.prefix(count - buffer.readableBytes))
        }
        return buffer
    }
}
