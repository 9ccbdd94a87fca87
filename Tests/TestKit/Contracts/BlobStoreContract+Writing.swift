// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import NIOCore
import Testing

extension BlobStoreContract {
    static let writing: [Item] = [
        Item("a sealed part is one object with exactly the bytes that were written") { subject in
            for size in [0, 1, 65_535, 65_536, (1 << 20) - 1, 1 << 20, (3 << 20) + 7] {
                let bytes = TestBlob.random(size).bytes
                let location = try await push(bytes, to: subject.here)
                #expect(try await subject.there.size(of: location) == Int64(size))
                #expect(try await content(of: location, in: subject.there) == bytes)
            }
        },
        Item("bytes keep their order, however small the pieces") { subject in
            let bytes = TestBlob.random(20_000).bytes
            for pieces in [1, 7, 4_099] {
                var plan = UploadPlan(base: subject.here.newBase())
                try await append(bytes, to: &plan, as: 1, pieces: pieces, in: subject.here)
                let blob = try await subject.here.assemble(plan, asNumber: 2, hashing: nil)
                #expect(try await content(of: blob.location, in: subject.here) == bytes)
            }
        },
        Item("small and large pieces mix") { subject in
            let bytes = TestBlob.random(4 << 20).bytes
            var plan = UploadPlan(base: subject.here.newBase())
            let writer = try await subject.here.beginPart(1, of: plan, at: 0)
            var rest = bytes[...]
            for size in [1, 3_000_000, 10, 20_000, 5, 900_000, 100_000, bytes.count] {
                try await writer.write(ByteBuffer(bytes: rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            plan.publish(try await writer.seal(), driver: writer.driver)
            let blob = try await subject.here.assemble(plan, asNumber: 2, hashing: nil)
            #expect(try await content(of: blob.location, in: subject.here) == bytes)
        },
        Item("publishing tells what is durable, and later shows the same part grown") { subject in
            let bytes = TestBlob.random(5_000_000).bytes
            var plan = UploadPlan(base: subject.here.newBase())
            let writer = try await subject.here.beginPart(1, of: plan, at: 0)
            try await write(Array(bytes[..<2_000_000]), to: writer)
            let first = try await writer.publish()
            #expect(first.length <= 2_000_000)
            plan.publish(first, driver: writer.driver)
            try await write(Array(bytes[2_000_000...]), to: writer)
            let second = try await writer.seal()
            #expect((second.number, second.start, second.length) == (1, 0, 5_000_000))
            #expect(plan.publish(second, driver: writer.driver) == [first])
            let blob = try await subject.there.assemble(plan, asNumber: 2, hashing: nil)
            #expect(try await content(of: blob.location, in: subject.there) == bytes)
        },
        Item("publishing again without new bytes answers the same part") { subject in
            let writer = try await subject.here.beginPart(1, of: UploadPlan(base: subject.here.newBase()), at: 0)
            try await writer.write(ByteBuffer(string: "once"))
            let part = try await writer.publish()
            #expect(try await writer.publish() == part)
            await writer.abandon()
        },
        Item("sealing twice answers the same part, and a sealed part takes no more bytes") { subject in
            let writer = try await subject.here.beginPart(1, of: UploadPlan(base: subject.here.newBase()), at: 0)
            try await writer.write(ByteBuffer(string: "sealed"))
            let part = try await writer.seal()
            #expect(try await writer.seal() == part)
            await #expect(throws: BlobStorageError.self) { try await writer.write(ByteBuffer(string: "late")) }
            #expect(try await subject.here.size(of: BlobLocation(rawValue: part.name)) == 6)
        },
        Item("a part must begin where the upload ends") { subject in
            let plan = UploadPlan(base: subject.here.newBase())
            await #expect(throws: BlobStorageError.self) {
                let writer = try await subject.here.beginPart(1, of: plan, at: 1)
                await writer.abandon()
            }
        },
        Item("a number is used once: the second writer fails, and the first one's bytes stay") { subject in
            guard subject.knowsUsedNames else { return }
            var plan = UploadPlan(base: subject.here.newBase())
            try await append(Array("first".utf8), to: &plan, as: 1, in: subject.here)
            let second = try await subject.there.beginPart(1, of: UploadPlan(base: plan.base), at: 0)
            await #expect(throws: BlobStorageError.self) {
                try await second.write(ByteBuffer(string: "second"))
                _ = try await second.seal()
            }
            await second.abandon()
            let blob = try await subject.here.assemble(plan, asNumber: 2, hashing: nil)
            #expect(try await content(of: blob.location, in: subject.here) == Array("first".utf8))
        },
        Item("an error poisons the part: every later call fails") { subject in
            guard subject.knowsUsedNames else { return }
            var plan = UploadPlan(base: subject.here.newBase())
            try await append([1], to: &plan, as: 1, in: subject.here)
            let second = try await subject.there.beginPart(1, of: UploadPlan(base: plan.base), at: 0)
            await #expect(throws: BlobStorageError.self) {
                try await second.write(ByteBuffer(string: "second"))
                _ = try await second.publish()
            }
            await #expect(throws: BlobStorageError.self) { try await second.write(ByteBuffer(string: "more")) }
            await #expect(throws: BlobStorageError.self) { _ = try await second.publish() }
            await #expect(throws: BlobStorageError.self) { _ = try await second.seal() }
            await second.abandon()
        },
        Item("an abandoned part takes nothing more, and abandoning twice does nothing") { subject in
            let plan = UploadPlan(base: subject.here.newBase())
            let writer = try await subject.here.beginPart(1, of: plan, at: 0)
            try await write(TestBlob.random(3 << 20).bytes, to: writer)
            await writer.abandon()
            await writer.abandon()
            await #expect(throws: BlobStorageError.self) { try await writer.write(ByteBuffer(string: "late")) }
            await #expect(throws: BlobStorageError.self) { _ = try await writer.seal() }
            let doomed = subject.here.reservedLocations(base: plan.base, through: 1, driver: writer.driver)
            #expect(Set(await subject.here.delete(doomed)) == [.gone])
            #expect(try await objects(in: subject.here).isEmpty)
        },
        Item("abandoning keeps what was published") { subject in
            var plan = UploadPlan(base: subject.here.newBase())
            let writer = try await subject.here.beginPart(1, of: plan, at: 0)
            let bytes = TestBlob.random(100_000).bytes
            try await write(bytes, to: writer)
            let part = try await writer.publish()
            plan.publish(part, driver: writer.driver)
            try await write(TestBlob.random(2 << 20).bytes, to: writer)
            await writer.abandon()
            let kept = Array(bytes[..<Int(part.length)])
            let blob = try await subject.there.assemble(plan, asNumber: 2, hashing: nil)
            #expect(try await content(of: blob.location, in: subject.there) == kept)
        },
    ]
}
