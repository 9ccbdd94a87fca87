// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import NIOCore
import Testing

extension BlobStoreContract {
    static let deleting: [Item] = [
        Item("a deleted object is gone for everybody, and deleting it again succeeds") { subject in
            let location = try await push([1, 2, 3], to: subject.here)
            let other = try await push([4], to: subject.here)
            #expect(await subject.there.delete([DoomedObject(location)]) == [.gone])
            await #expect(throws: BlobStorageError.notFound) { _ = try await subject.here.open(location) }
            #expect(await subject.here.delete([DoomedObject(location)]) == [.gone])
            #expect(try await content(of: other, in: subject.here) == [4])
        },
        Item("deleting answers for each object in order, and never-made ones are gone") { subject in
            var doomed: [DoomedObject] = []
            for index in 0..<100 {
                let base = subject.here.newBase()
                doomed += subject.here.reservedLocations(base: base, through: 1, driver: "")
                if index.isMultiple(of: 3) {
                    var plan = UploadPlan(base: base)
                    try await append([UInt8(index)], to: &plan, as: 1, in: subject.here)
                }
            }
            doomed.insert(DoomedObject(BlobLocation(rawValue: "../outside")), at: 50)
            let outcomes = await subject.here.delete(doomed)
            #expect(outcomes.count == doomed.count)
            let failed = outcomes.indices.filter { outcomes[$0] != .gone }
            #expect(failed == [50])
            #expect(try await objects(in: subject.here).isEmpty)
            #expect(await subject.here.delete([]) == [])
        },
        Item("the reserved locations name everything an upload made") { subject in
            var plan = UploadPlan(base: subject.here.newBase())
            try await append(TestBlob.random(10_000).bytes, to: &plan, as: 1, in: subject.here)
            let stray = try await subject.there.beginPart(2, of: plan, at: plan.end)
            try await stray.write(ByteBuffer(string: "never published in a row"))
            _ = try await stray.publish()
            await stray.abandon()
            try await append(TestBlob.random(2_000_000).bytes, to: &plan, as: 3, in: subject.there)
            let blob = try await subject.there.assemble(plan, asNumber: 4, hashing: nil)
            let reserved = subject.here.reservedLocations(base: plan.base, through: 4, driver: plan.driver)
            #expect(reserved.map(\.location).contains(blob.location))
            let kept = Set(blob.members).union([blob.location])
            let outcomes = await subject.here.delete(reserved.filter { !kept.contains($0.location) })
            #expect(Set(outcomes) == [.gone])
            let left = try await objects(in: subject.there)
            #expect(left == [blob.location: 2_010_000])
        },
        Item("malformed locations are refused") { subject in
            for name in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a/", "a\0b"] {
                let location = BlobLocation(rawValue: name)
                await #expect(throws: BlobStorageError.self) { _ = try await subject.here.open(location) }
                await #expect(throws: BlobStorageError.self) { _ = try await subject.here.size(of: location) }
                #expect(await subject.here.delete([DoomedObject(location)]) != [.gone], "\(name)")
            }
        },
    ]
}
