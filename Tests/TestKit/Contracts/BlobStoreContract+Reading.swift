// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Glibc
import NIOCore
import Testing

extension BlobStoreContract {
    static let reading: [Item] = [
        Item("opening an absent object is notFound, and its size is nil") { subject in
            let plan = UploadPlan(base: subject.here.newBase())
            for object in subject.here.reservedLocations(base: plan.base, through: 2, driver: "") {
                await #expect(throws: BlobStorageError.notFound) { _ = try await subject.here.open(object.location) }
                let size = try await subject.here.size(of: object.location)
                #expect(size == nil)
            }
        },
        Item("ranges are exact at both edges") { subject in
            let bytes = TestBlob.random(600_000).bytes
            let reader = try await subject.there.open(push(bytes, to: subject.here))
            #expect(reader.size == 600_000)
            for (offset, count) in [
                (0, 1), (0, 600_000), (599_999, 1), (1, 599_999), (262_144, 262_144), (262_143, 2), (300_000, 900_000),
                (599_999, 100), (600_000, 1), (700_000, 10), (0, 0), (5, 0),
            ] {
                let piece = try await reader.read(at: Int64(offset), upTo: count)
                let expected = bytes.dropFirst(offset).prefix(count)
                #expect(Array(piece.readableBytesView) == Array(expected), "\(count) bytes at \(offset)")
            }
            await reader.close()
        },
        Item("a read before the start is refused") { subject in
            let reader = try await subject.here.open(push([1, 2, 3], to: subject.here))
            await #expect(throws: BlobStorageError.self) { _ = try await reader.read(at: -1, upTo: 2) }
            await #expect(throws: BlobStorageError.self) { _ = try await reader.read(at: 0, upTo: -2) }
            await reader.close()
        },
        Item("a reader goes on after its object was deleted, or says that it cannot") { subject in
            let bytes = TestBlob.random(900_000).bytes
            let location = try await push(bytes, to: subject.here)
            let reader = try await subject.here.open(location)
            #expect(await subject.there.delete([DoomedObject(location)]) == [.gone])
            if subject.keepsWhatIsRead {
                let piece = try await reader.read(at: 400_000, upTo: 500_000)
                #expect(Array(piece.readableBytesView) == Array(bytes[400_000...]))
            } else {
                await #expect(throws: BlobStorageError.self) { _ = try await reader.read(at: 400_000, upTo: 500_000) }
            }
            await reader.close()
        },
        Item("closing a reader twice does nothing, and a closed reader reads nothing") { subject in
            let reader = try await subject.here.open(push([1, 2, 3], to: subject.here))
            await reader.close()
            await reader.close()
            await #expect(throws: BlobStorageError.self) { _ = try await reader.read(at: 0, upTo: 3) }
        },
        Item("one object is read by many at once") { subject in
            let bytes = TestBlob.random(500_000).bytes
            let location = try await push(bytes, to: subject.here)
            let isSame = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<20 {
                    let node = index.isMultiple(of: 2) ? subject.here : subject.there
                    group.addTask { try await content(of: location, in: node, pieces: 50_000 + index) == bytes }
                }
                return try await group.reduce(true) { $0 && $1 }
            }
            #expect(isSame)
        },
        Item("a descriptor, where there is one, has exactly the object's bytes") { subject in
            let bytes = TestBlob.random(70_000).bytes
            let reader = try await subject.here.open(push(bytes, to: subject.here))
            if let descriptor = reader.descriptor {
                var copy = [UInt8](repeating: 0, count: bytes.count + 1)
                let count = copy.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
                #expect(copy.prefix(max(0, count)).elementsEqual(bytes))
            }
            await reader.close()
        },
    ]
}
