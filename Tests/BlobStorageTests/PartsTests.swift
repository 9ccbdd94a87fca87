// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Synchronization
import TestKit
import Testing

@testable import BlobStorage

@Suite("plans, queues, flushes and faults")
struct PartsTests {
    @Test("a published part replaces its shorter self and the short tail it begins with, and nothing before")
    func publishing() {
        var plan = UploadPlan(base: "b")
        let first = UploadPart(number: 1, start: 0, length: 16, name: "1")
        let tail = UploadPart(number: 2, start: 16, length: 3, name: "tail.2")
        let third = UploadPart(number: 3, start: 16, length: 20, name: "3")
        #expect(plan.publish(first, driver: "") == [])
        #expect(plan.publish(tail, driver: "x") == [])
        #expect(plan.end == 19)
        #expect(plan.publish(third, driver: "y") == [tail])
        #expect(plan.parts == [first, third])
        #expect(plan.driver == "y")
        #expect(plan.end == 36)
    }

    @Test("a transfer holds no more than two batches and the piece on top")
    func bounded() {
        var queue = WriteQueue()
        let piece = ByteBuffer(repeating: 1, count: 60_000)
        var waiting = 0
        var writing = 0
        for _ in 0..<1_000 {
            waiting += piece.readableBytes
            switch queue.take(piece) {
            case .proceed: break
            case .write(let batch):
                writing = batch.reduce(0) { $0 + $1.readableBytes }
                waiting -= writing
            case .wait:
                guard case .write(let batch) = queue.finished(nil) else { break }
                writing = batch.reduce(0) { $0 + $1.readableBytes }
                waiting -= writing
            case .fail(let error): Issue.record(error)
            }
            #expect(waiting + writing <= 2 * WriteQueue.batchBytes + 2 * piece.readableBytes)
        }
        #expect(queue.taken == 60_000_000)
    }

    @Test("small slices of large buffers do not keep the large buffers")
    func smallSlices() {
        var queue = WriteQueue()
        for _ in 0..<1_000 { _ = queue.take(ByteBuffer(repeating: 7, count: 65_536).getSlice(at: 9, length: 100)!) }
        let kept = queue.drain().reduce(0) { $0 + $1.storageCapacity }
        #expect(kept <= 4 * 100_000)
    }

    @Test("after an error everything fails with it, the first one")
    func poison() {
        var queue = WriteQueue()
        guard case .write = queue.take(ByteBuffer(repeating: 1, count: 2 << 20)) else {
            Issue.record("no batch")
            return
        }
        _ = queue.finished(.lost("first"))
        _ = queue.finished(.full)
        guard case .fail(let error) = queue.take(ByteBuffer(repeating: 1, count: 10)) else {
            Issue.record("taken after an error")
            return
        }
        #expect(error == .lost("first"))
    }

    @Test("waiting callers share one flush, and never one that began before them")
    func groupedFlush() async {
        let flushes = GroupedFlush(lanes: 2)
        let pool = BlockingPool(threads: 16)
        let ran = Counter()
        let overlapping = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    _ = try? await pool.run {
                        let before = ran.value
                        _ = flushes.flush(1) {
                            if overlapping.add(1) > 1 { Issue.record("two flushes at once") }
                            usleep(1_000)
                            overlapping.add(-1)
                            ran.add(1)
                            return 0
                        }
                        #expect(ran.value > before)
                    }
                }
            }
        }
        #expect(ran.value < 150)
        await pool.close()
    }

    @Test("a flush that failed fails for everyone it served, and only for them")
    func failedFlush() {
        let flushes = GroupedFlush(lanes: 1)
        #expect(flushes.flush(0) { 5 } == 5)
        #expect(flushes.flush(0) { 0 } == 0)
    }

    @Test("fault points do what their text says, at their turn", arguments: [("a:error", 1), ("a:error@3", 3)])
    func faults(_ text: String, _ turn: Int) throws {
        let points = try #require(FaultPoints(parsing: "other:crash,\(text)"))
        for _ in 1..<turn { try points.reach("a") }
        #expect(throws: InjectedFault(point: "a")) { try points.reach("a") }
        #expect(points.count(of: "a") == turn)
        try FaultPoints.none.reach("a")
    }

    @Test("malformed fault points are refused", arguments: ["a", "a:", ":crash", "a:die", "a:crash@0", "a:crash@x"])
    func malformedFaults(_ text: String) {
        #expect(FaultPoints(parsing: text) == nil)
    }

    @Test("an empty text arms nothing")
    func noFaults() throws {
        try #require(FaultPoints(parsing: "")).reach("a")
    }

    @Test("a closure runs at its point, and disarming ends it")
    func calledFaults() async throws {
        let points = FaultPoints.armable()
        let called = Counter()
        points.arm("a", .call { called.add(1) })
        try await points.reach("a")
        points.disarm("a")
        try await points.reach("a")
        #expect(called.value == 1)
    }
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    @discardableResult
    func add(_ number: Int) -> Int { count.add(number, ordering: .sequentiallyConsistent).newValue }
}
