// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import Glibc
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import NIOCore
import TestKit

/// One stored blob and a route that serves it at `/blob`.
struct BlobFixture: Sendable {
    static let tag = "\"sha256:test\""

    let store: any BlobStore
    let location: BlobLocation
    let bytes: [UInt8]

    /// Stores bytes that tell every position from its neighbours.
    init(in store: any BlobStore, size: Int) async throws {
        self.store = store
        // A prime-sized block of noise repeated: any shift by less than the block, and by any power of two, is seen.
        var state: UInt32 = 2_463_534_242
        let noise = (0..<65_521).map { _ in
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            return UInt8(state % 96 + 32)  // text: repairing bad UTF-8 costs a test minutes
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + noise.count)
        while bytes.count < size { bytes.append(contentsOf: noise) }
        bytes.removeLast(bytes.count - size)
        self.bytes = bytes
        let plan = UploadPlan(base: store.newBase())
        let writer = try await store.beginPart(1, of: plan, at: 0)
        try await writer.write(ByteBuffer(bytes: bytes))
        let part = try await writer.seal()
        location = try await store.assemble(UploadPlan(base: plan.base, parts: [part]), asNumber: 2, hashing: nil)
            .location
    }

    var routes: RouteTable {
        var routes = RouteTable()
        routes.add(.get, "/blob", access: .open("test")) { request, context in
            let reader = try await store.open(location)
            return await blobResponse(
                request, context, reader: reader,
                headers: [.contentType: "application/octet-stream", .eTag: Self.tag])
        }
        routes.add(.get, "/hello", access: .open("test")) { request, context in
            memoryResponse(request, context, bytes: ByteBuffer(string: "hello"), headers: [.eTag: "\"h\""])
        }
        return routes
    }

    /// Runs with a blob in a file.
    static func withFile<T: Sendable>(
        size: Int, _ body: @escaping @Sendable (BlobFixture) async throws -> T
    ) async throws -> T {
        try await withTemporaryFolder { folder in
            let store = try await FilesystemBlobStore.open(root: folder)
            let fixture = try await BlobFixture(in: store, size: size)
            let result = try await body(fixture)
            await store.close()
            return result
        }
    }

    /// How many descriptors of this process are open on files below a folder or with such a name.
    static func openDescriptors(of name: String) -> Int {
        guard let folder = opendir("/proc/self/fd") else { return -1 }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            let link = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { "/proc/self/fd/\(String(cString: $0))" }
            }
            var target = [CChar](repeating: 0, count: 4096)
            let length = readlink(link, &target, target.count)
            guard length > 0 else { continue }
            if String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self).contains(name) {
                count += 1
            }
        }
        return count
    }
}

/// Whether bytes are equal, without a test's search for the shortest difference, which takes hours for megabytes.
func same(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    let count = left.count
    guard count == right.count else { return false }
    return left.withUnsafeBytes { left in
        right.withUnsafeBytes { right in
            guard let left = left.baseAddress, let right = right.baseAddress else { return true }
            return memcmp(left, right, count) == 0
        }
    }
}
