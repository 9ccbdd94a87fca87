// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Cache

@Suite("circuit breaker")
struct CircuitBreakerTests {
    private let start = ContinuousClock.now
    private let pauses = CircuitBreaker.Pauses(
        first: .seconds(1), longest: .seconds(8), forgetting: .seconds(30))

    private func closed() -> CircuitBreaker {
        var breaker = CircuitBreaker(at: start, pauses: pauses)
        _ = breaker.beginProbe(at: start)
        breaker.succeeded(at: start)
        return breaker
    }

    @Test("lets nothing through before the first probe succeeded, and gives that probe at once")
    func first() {
        var breaker = CircuitBreaker(at: start, pauses: pauses)
        #expect(!breaker.isClosed)
        #expect(breaker.pause(at: start) == .zero)
        let mayProbe = breaker.beginProbe(at: start)
        #expect(mayProbe)
        #expect(!breaker.isClosed)
        breaker.succeeded(at: start)
        #expect(breaker.isClosed)
        #expect(breaker.pause(at: start) == nil)
    }

    @Test("opens at one failure and stays open for the pause")
    func opens() {
        var breaker = closed()
        breaker.failed(at: start, chance: 0)
        #expect(breaker.state == .open(until: start + .seconds(1)))
        #expect(breaker.pause(at: start + .milliseconds(400)) == .milliseconds(600))
        let isEarly = breaker.beginProbe(at: start + .milliseconds(999))
        let isDue = breaker.beginProbe(at: start + .seconds(1))
        #expect(!isEarly && isDue)
    }

    @Test("gives one probe, not two")
    func oneProbe() {
        var breaker = closed()
        breaker.failed(at: start, chance: 0)
        let first = breaker.beginProbe(at: start + .seconds(2))
        let second = breaker.beginProbe(at: start + .seconds(2))
        #expect(first && !second)
        #expect(breaker.state == .halfOpen)
        #expect(breaker.pause(at: start + .seconds(2)) == nil)
    }

    @Test("failures of calls that were under way when it opened change nothing")
    func late() {
        var breaker = closed()
        breaker.failed(at: start, chance: 0)
        let before = breaker
        breaker.failed(at: start + .milliseconds(10), chance: 0)
        #expect(breaker == before)
    }

    @Test("the pause doubles with each failed probe, to a bound")
    func doubling() {
        var breaker = closed()
        var now = start
        var seen: [Duration] = []
        for _ in 0..<6 {
            breaker.failed(at: now, chance: 0)
            let pause = breaker.pause(at: now) ?? .zero
            seen.append(pause)
            now += pause
            _ = breaker.beginProbe(at: now)
        }
        #expect(seen == [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(8), .seconds(8)])
    }

    @Test("chance cuts up to half of the pause", arguments: [(0.0, 1_000), (0.5, 750), (1.0, 500), (7.0, 500)])
    func jitter(_ chance: Double, _ milliseconds: Int) {
        var breaker = closed()
        breaker.failed(at: start, chance: chance)
        #expect(breaker.pause(at: start) == .milliseconds(milliseconds))
    }

    @Test("who fails again soon after a success waits longer; who worked for long does not")
    func forgetting() {
        var (soon, late) = (closed(), closed())
        for (breaker, pause) in [(0, Duration.seconds(29)), (1, .seconds(30))] {
            var tried = breaker == 0 ? soon : late
            tried.failed(at: start, chance: 0)
            _ = tried.beginProbe(at: start + .seconds(1))
            tried.succeeded(at: start + .seconds(1))
            tried.failed(at: start + .seconds(1) + pause, chance: 0)
            if breaker == 0 { soon = tried } else { late = tried }
        }
        #expect(soon.pause(at: start + .seconds(30)) == .seconds(2))
        #expect(late.pause(at: start + .seconds(31)) == .seconds(1))
    }

    @Test("a success counts only for the probe")
    func stray() {
        var breaker = closed()
        breaker.failed(at: start, chance: 0)
        breaker.succeeded(at: start)
        #expect(!breaker.isClosed)
    }
}
