// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import NIOCore
import OCI
import Testing

extension BlobStoreContract {
    static let assembling: [Item] = [
        Item("another process goes on where the first one stopped") { subject in
            let blob = TestBlob.random(2_500_000)
            var plan = UploadPlan(base: subject.here.newBase())
            try await append(Array(blob.bytes[..<1_000_001]), to: &plan, as: 1, in: subject.here)
            try await append(Array(blob.bytes[1_000_001...]), to: &plan, as: 2, in: subject.there)
            let stored = try await subject.there.assemble(plan, asNumber: 3, hashing: .sha256)
            #expect(stored.size == 2_500_000)
            #expect(stored.digest?.description == blob.digest)
            #expect(try await content(of: stored.location, in: subject.here) == blob.bytes)
        },
        Item("many parts, of one byte and of megabytes, make one blob") { subject in
            let sizes = [1, 3, 70_000, 1 << 20, 1, (2 << 20) + 5, 0, 12_345] + Array(repeating: 1, count: 20)
            let blob = TestBlob.random(sizes.reduce(0, +))
            var plan = UploadPlan(base: subject.here.newBase())
            for (index, size) in sizes.enumerated() {
                let start = Int(plan.end)
                let node = index.isMultiple(of: 2) ? subject.here : subject.there
                // Numbers may have gaps: every reservation of a writer that failed leaves one.
                try await append(Array(blob.bytes[start..<start + size]), to: &plan, as: 2 * index + 1, in: node)
            }
            let stored = try await subject.here.assemble(plan, asNumber: 100, hashing: .sha256)
            #expect(stored.digest?.description == blob.digest)
            #expect(try await content(of: stored.location, in: subject.there) == blob.bytes)
        },
        Item("bytes behind a part's published length are ignored") { subject in
            var plan = UploadPlan(base: subject.here.newBase())
            let lost = try await subject.here.beginPart(1, of: plan, at: 0)
            try await lost.write(ByteBuffer(string: "kept"))
            var part = try await lost.seal()
            part.length = 2
            plan.publish(part, driver: lost.driver)
            try await append(Array("new".utf8), to: &plan, as: 2, in: subject.there)
            let stored = try await subject.there.assemble(plan, asNumber: 3, hashing: nil)
            #expect(try await content(of: stored.location, in: subject.there) == Array("kenew".utf8))
        },
        Item("a writer that lost its part cannot change the blob made of it") { subject in
            var plan = UploadPlan(base: subject.here.newBase())
            let loser = try await subject.here.beginPart(1, of: plan, at: 0)
            try await write(TestBlob.random(100_000).bytes, to: loser)
            let part = try await loser.publish()
            plan.publish(part, driver: loser.driver)
            let stored = try await subject.there.assemble(plan, asNumber: 2, hashing: .sha256)
            try await write(TestBlob.random(3 << 20).bytes, to: loser)
            _ = try? await loser.publish()
            #expect(try await subject.there.size(of: stored.location) == part.length)
            await loser.abandon()
            #expect(try await content(of: stored.location, in: subject.there).count == Int(part.length))
        },
        Item("no parts make an empty blob") { subject in
            let plan = UploadPlan(base: subject.here.newBase())
            let stored = try await subject.here.assemble(plan, asNumber: 1, hashing: .sha256)
            #expect(stored.size == 0)
            #expect(stored.digest?.description == TestBlob("").digest)
            #expect(try await content(of: stored.location, in: subject.there).isEmpty)
        },
        Item("stored bytes are read back and digested, by either algorithm, for one part and for many") { subject in
            let blob = TestBlob.random(700_001)
            for cut in [700_001, 300_000] {
                var plan = UploadPlan(base: subject.here.newBase())
                try await append(Array(blob.bytes[..<cut]), to: &plan, as: 1, in: subject.here)
                if cut < blob.size { try await append(Array(blob.bytes[cut...]), to: &plan, as: 2, in: subject.here) }
                let first = try await subject.there.assemble(plan, asNumber: 3, hashing: .sha256)
                let second = try await subject.there.assemble(plan, asNumber: 4, hashing: .sha512)
                let third = try await subject.there.assemble(plan, asNumber: 5, hashing: nil)
                #expect(first.digest?.description == blob.digest)
                #expect(second.digest?.description == blob.sha512)
                // A store that cannot tell who put the parts together reads them, asked or not.
                #expect(third.digest.map { $0.description == blob.digest } ?? true)
            }
        },
        Item("assembly can be repeated under another number") { subject in
            let bytes = TestBlob.random(10_000).bytes
            var plan = UploadPlan(base: subject.here.newBase())
            try await append(Array(bytes[..<5_000]), to: &plan, as: 1, in: subject.here)
            try await append(Array(bytes[5_000...]), to: &plan, as: 2, in: subject.here)
            for number in [3, 4] {
                let node = number == 3 ? subject.here : subject.there
                let stored = try await node.assemble(plan, asNumber: number, hashing: nil)
                #expect(try await content(of: stored.location, in: node) == bytes)
            }
        },
        Item("parts that leave a gap are refused") { subject in
            var plan = try await twoParts(in: subject.here)
            plan.parts[1].start += 1
            await #expect(throws: BlobStorageError.self) {
                _ = try await subject.here.assemble(plan, asNumber: 3, hashing: nil)
            }
        },
        Item("a part that is missing or too short is an error, not a shorter blob") { subject in
            for isMissing in [true, false] {
                var plan = try await twoParts(in: subject.here)
                if isMissing {
                    // Numbered parts of an open upload are no objects, and nobody can delete one.
                    guard plan.parts[1].name.contains("/") else { continue }
                    _ = await subject.here.delete([DoomedObject(BlobLocation(rawValue: plan.parts[1].name))])
                } else {
                    plan.parts[1].length += 1
                }
                await #expect(throws: BlobStorageError.self) {
                    _ = try await subject.there.assemble(plan, asNumber: 3, hashing: nil)
                }
                plan.parts.removeFirst()
                plan.parts[0].start = 0
                await #expect(throws: BlobStorageError.self) {
                    _ = try await subject.there.assemble(plan, asNumber: 4, hashing: nil)
                }
            }
        },
        Item("members of an assembled blob are its own, and stay when everything else of the upload goes") { subject in
            let bytes = TestBlob.random(1_500_001).bytes
            var plan = UploadPlan(base: subject.here.newBase())
            for number in 1...5 {
                let start = Int(plan.end)
                let end = number == 5 ? bytes.count : start + 300_000
                try await append(Array(bytes[start..<end]), to: &plan, as: number, in: subject.here)
            }
            let blob = try await subject.there.assemble(plan, asNumber: 6, hashing: nil)
            let kept = Set([blob.location] + blob.members)
            let reserved = subject.here.reservedLocations(base: plan.base, through: 6, driver: plan.driver)
            #expect(kept.isSubset(of: reserved.map(\.location)))
            let outcomes = await subject.there.delete(reserved.filter { !kept.contains($0.location) })
            #expect(Set(outcomes).isSubset(of: [.gone]))
            #expect(try await content(of: blob.location, in: subject.here) == bytes)
            #expect(try await objects(in: subject.here) == [blob.location: 1_500_001])
            // Deleted by its location alone, as the collector does it.
            #expect(await subject.here.delete([DoomedObject(blob.location)]) == [.gone])
            #expect(try await objects(in: subject.there).isEmpty)
            for location in kept { #expect(try await subject.there.size(of: location) == nil) }
        },
        Item("an upload of many parts that is given up leaves nothing, whoever wrote last") { subject in
            var plan = UploadPlan(base: subject.here.newBase())
            for number in 1...4 {
                try await append(TestBlob.random(300_000).bytes, to: &plan, as: number, in: subject.here)
            }
            let stray = try await subject.there.beginPart(5, of: UploadPlan(base: plan.base), at: 0)
            try await write(TestBlob.random(400_000).bytes, to: stray)
            _ = try await stray.seal()
            let doomed = subject.here.reservedLocations(base: plan.base, through: 5, driver: plan.driver)
            #expect(Set(await subject.there.delete(doomed)) == [.gone])
            #expect(try await objects(in: subject.here).isEmpty)
            await #expect(throws: BlobStorageError.self) {
                _ = try await subject.here.assemble(plan, asNumber: 6, hashing: nil)
            }
        },
        Item("two processes that assemble one upload both succeed, with the same bytes") { subject in
            let bytes = TestBlob.random(700_000).bytes
            var plan = UploadPlan(base: subject.here.newBase())
            try await append(Array(bytes[..<300_000]), to: &plan, as: 1, in: subject.here)
            try await append(Array(bytes[300_000..<690_000]), to: &plan, as: 2, in: subject.there)
            try await append(Array(bytes[690_000...]), to: &plan, as: 3, in: subject.here)
            let whole = plan
            async let left = subject.here.assemble(whole, asNumber: 4, hashing: .sha256)
            async let right = subject.there.assemble(whole, asNumber: 5, hashing: .sha256)
            for blob in [try await left, try await right] {
                #expect(blob.size == 700_000)
                #expect(try await content(of: blob.location, in: subject.there) == bytes)
            }
        },
        Item("many parts are joined in their order") { subject in
            let whole = TestBlob.random(300_000 * 12 + 17)
            let bytes = whole.bytes
            var plan = UploadPlan(base: subject.here.newBase())
            for number in 1...13 {
                let start = Int(plan.end)
                let node = number.isMultiple(of: 2) ? subject.here : subject.there
                let end = min(start + 300_000, bytes.count)
                try await append(Array(bytes[start..<end]), to: &plan, as: number * 3, in: node)
            }
            let blob = try await subject.here.assemble(plan, asNumber: 50, hashing: .sha256)
            #expect(blob.digest?.description == whole.digest)
            #expect(try await content(of: blob.location, in: subject.there) == bytes)
        },
    ]

    /// An upload of two parts that no store puts together before it has to.
    private static func twoParts(in store: any BlobStore) async throws -> UploadPlan {
        var plan = UploadPlan(base: store.newBase())
        for number in 1...2 {
            try await append(TestBlob.random(300_000).bytes, to: &plan, as: number, in: store)
        }
        return plan
    }
}
