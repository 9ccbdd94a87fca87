// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import BlobStorage
import Foundation
import NIOCore
import NIOHTTP1
import OCI
import Testing

extension BlobStoreContract {
    static let living: [Item] = [
        Item("listing shows every object once, with its size and the time it was made") { subject in
            var expected: [BlobLocation: Int64] = [:]
            for size in [0, 1, 5_000, 70_000, 1_200_000] {
                expected[try await push(TestBlob.random(size).bytes, to: subject.here)] = Int64(size)
            }
            var seen: [BlobLocation] = []
            var times: [Int64] = []
            try await subject.there.list { location, size, modified in
                #expect(expected[location] == size)
                seen.append(location)
                times.append(modified)
            }
            #expect(seen.sorted() == expected.keys.sorted())
            // Between 2020 and 2100, in microseconds.
            let years: Range<Int64> = 1_577_836_800_000_000..<4_102_444_800_000_000
            #expect(times.count == 5)
            #expect(times.filter(years.contains) == times)
        },
        Item("an error of the visitor ends the listing and comes out") { subject in
            for _ in 0..<3 { _ = try await push([1], to: subject.here) }
            struct Enough: Error {}
            var visits = 0
            await #expect(throws: Enough.self) {
                try await subject.here.list { _, _, _ in
                    visits += 1
                    throw Enough()
                }
            }
            #expect(visits == 1)
        },
        Item("fifty uploads of the same bytes at once are fifty objects") { subject in
            let bytes = TestBlob.random(80_000).bytes
            let locations = try await withThrowingTaskGroup(of: BlobLocation.self) { group in
                for index in 0..<50 {
                    let node = index.isMultiple(of: 2) ? subject.here : subject.there
                    group.addTask { try await push(bytes, to: node) }
                }
                return try await group.reduce(into: Set<BlobLocation>()) { $0.insert($1) }
            }
            #expect(locations.count == 50)
            for location in locations { #expect(try await content(of: location, in: subject.here) == bytes) }
        },
        Item("large blobs pass, eight at once") { subject in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        let blob = TestBlob.random((9 << 20) + index)
                        var plan = UploadPlan(base: subject.here.newBase())
                        try await append(blob.bytes, to: &plan, as: 1, pieces: 61_000 + index, in: subject.here)
                        let stored = try await subject.there.assemble(plan, asNumber: 2, hashing: .sha256)
                        #expect(stored.digest?.description == blob.digest)
                    }
                }
                try await group.waitForAll()
            }
        },
        Item("a writer whose task is cancelled can be abandoned and leaves nothing but its name") { subject in
            let plan = UploadPlan(base: subject.here.newBase())
            let task = Task {
                let writer = try await subject.here.beginPart(1, of: plan, at: 0)
                withUnsafeCurrentTask { $0?.cancel() }
                try? await write(TestBlob.random(4 << 20).bytes, to: writer)
                await writer.abandon()
            }
            try await task.value
            let doomed = subject.here.reservedLocations(base: plan.base, through: 1, driver: "")
            #expect(Set(await subject.here.delete(doomed)) == [.gone])
            #expect(try await objects(in: subject.here).isEmpty)
        },
        Item("an address for clients, where there is one, gives the object's bytes and no other's") { subject in
            let bytes = TestBlob.random(400_000).bytes
            let location = try await push(bytes, to: subject.here)
            guard let address = await subject.there.redirect(to: location) else { return }
            let answer = try await HTTPClient.shared.execute(HTTPClientRequest(url: address), timeout: .seconds(60))
            #expect(answer.status == .ok)
            #expect(Array(try await answer.body.collect(upTo: 1 << 20).readableBytesView) == bytes)
            var ranged = HTTPClientRequest(url: address)
            ranged.headers.add(name: "Range", value: "bytes=100-199")
            let part = try await HTTPClient.shared.execute(ranged, timeout: .seconds(60))
            #expect(part.status == .partialContent)
            #expect(Array(try await part.body.collect(upTo: 1 << 20).readableBytesView) == Array(bytes[100..<200]))
            let other = try await push([1], to: subject.here)
            let forged = address.replacing(location.rawValue, with: other.rawValue)
            let refused = try await HTTPClient.shared.execute(HTTPClientRequest(url: forged), timeout: .seconds(60))
            #expect([401, 403].contains(refused.status.code), "\(refused.status)")
        },
        Item("names cannot be guessed and do not repeat") { subject in
            var names: Set<String> = []
            for _ in 0..<5_000 {
                names.insert(subject.here.newBase())
                names.insert(subject.there.newBase())
            }
            #expect(names.count == 10_000)
            let shortest = names.map(\.utf8.count).min() ?? 0
            #expect(shortest >= 32)
        },
        Item("the probe succeeds and leaves nothing behind") { subject in
            try await subject.here.probe()
            #expect(try await objects(in: subject.there).isEmpty)
        },
        Item("space, where it is told, is not negative") { subject in
            guard let space = await subject.here.space() else { return }
            #expect(space.free >= 0 && space.free <= space.total && space.reserve >= 0)
        },
    ]
}
