// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

/// The judge of the crash test is judged itself.
@Suite struct RegisterTests {
    @Test("the last acknowledged write is the only possible value")
    func sequential() {
        var register = Register("a")
        register.begin(1, "b", at: 1)
        register.acknowledge(1, at: 2)
        register.begin(2, "c", at: 3)
        register.acknowledge(2, at: 4)
        #expect(register.possible == ["c"])
    }

    @Test("writes at the same time leave either value, and not the one before")
    func concurrent() {
        var register = Register("a")
        register.begin(1, "b", at: 1)
        register.begin(2, "c", at: 2)
        register.acknowledge(2, at: 3)
        register.acknowledge(1, at: 4)
        #expect(register.possible == ["b", "c"])
    }

    @Test("a write without an answer may have happened or not")
    func unknown() {
        var register = Register("a")
        register.begin(1, "b", at: 1)
        #expect(register.possible == ["a", "b"])
        register.begin(2, "c", at: 2)
        register.acknowledge(2, at: 3)
        #expect(register.possible == ["b", "c"])
    }

    @Test("a refused write did not happen")
    func refused() {
        var register = Register("a")
        register.begin(1, "b", at: 1)
        register.refuse(1)
        #expect(register.possible == ["a"])
        #expect(!register.isTouched)
    }

    @Test("what was read at rest is the only truth from then on")
    func settled() {
        var register = Register("a")
        register.begin(1, "b", at: 1)
        register.settle("b", at: 2)
        #expect(register.possible == ["b"])
    }

    @Test("a seed gives the same numbers again, and other seeds give others")
    func seeded() {
        var first = SeededGenerator(seed: 7)
        var second = SeededGenerator(seed: 7)
        var third = SeededGenerator(seed: 8)
        let bytes = first.bytes(1_001)
        #expect(bytes == second.bytes(1_001))
        #expect(bytes != third.bytes(1_001))
        #expect(Set(bytes).count > 200)
    }
}
