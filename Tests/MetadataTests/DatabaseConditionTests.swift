// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import Testing

@testable import Metadata

@Suite("What a node believes of its database")
struct DatabaseConditionTests {
    private typealias Event = DatabaseCondition.Event
    private typealias Mode = DatabaseCondition.Mode

    private func mode(after events: Event...) -> Mode {
        var condition = DatabaseCondition()
        for event in events { condition.note(event) }
        return condition.mode
    }

    @Test("an outage begins with two failed probes in a row or with one deadline, and with less it does not")
    func beginning() {
        #expect(mode() == .normal)
        #expect(mode(after: .probeFailed) == .normal)
        #expect(mode(after: .probeFailed, .probeFailed) == .outage)
        #expect(mode(after: .probeFailed, .probeWrote, .probeFailed) == .normal)
        #expect(mode(after: .deadlinePassed) == .outage)
    }

    @Test("only a write that worked ends it")
    func end() {
        #expect(mode(after: .deadlinePassed, .probeFailed) == .outage)
        #expect(mode(after: .deadlinePassed, .writeRefused) == .outage)
        #expect(mode(after: .deadlinePassed, .probeWrote) == .normal)
        #expect(mode(after: .probeFailed, .probeFailed, .probeWrote, .probeFailed) == .normal)
    }

    @Test("a database that answers but takes no writes is read")
    func readOnly() {
        #expect(mode(after: .writeRefused) == .normal)
        #expect(mode(after: .writeRefused, .writeRefused) == .readOnly)
        #expect(mode(after: .deadlinePassed, .writeRefused, .writeRefused) == .readOnly)
        #expect(mode(after: .writeRefused, .writeRefused, .deadlinePassed) == .outage)
        #expect(mode(after: .writeRefused, .writeRefused, .probeFailed) == .outage)
        #expect(mode(after: .writeRefused, .writeRefused, .probeWrote) == .normal)
    }

    @Test("a disk that was full takes no pushes until probes have written for a while")
    func full() {
        let writes = [Event](repeating: .probeWrote, count: DatabaseCondition.caution)
        var condition = DatabaseCondition()
        for event in [.noRoom] + writes.dropLast() { condition.note(event) }
        #expect(condition.mode == .readOnly)
        condition.note(.probeWrote)
        #expect(condition.mode == .normal)
        for event in [.noRoom] + writes.dropLast() + [.noRoom] + writes.dropLast() { condition.note(event) }
        #expect(condition.mode == .readOnly)
        #expect(mode(after: .deadlinePassed, .noRoom) == .outage)
        #expect(mode(after: .noRoom, .deadlinePassed) == .outage)
    }

    @Test("every change is told once")
    func changes() {
        var condition = DatabaseCondition()
        #expect(
            [.probeFailed, .probeFailed, .probeFailed, .probeWrote, .probeWrote].map { condition.note($0) }
                == [false, true, false, true, false])
    }

    @Test("a probe that met another transaction says nothing")
    func conflicts() {
        #expect(Event(failure: .conflict("")) == nil)
        #expect(Event(failure: .timeout("")) == .probeFailed)
        #expect(Event(failure: .readOnly("")) == .writeRefused)
        #expect(Event(failure: .full("")) == .writeRefused)
    }
}
