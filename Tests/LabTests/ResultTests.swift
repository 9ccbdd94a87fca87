// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import haven_lab

@Suite("What the lab makes of a run")
struct ResultTests {
    /// Good answers to requests that were due at these seconds, each after ten milliseconds.
    private func result(_ moments: [Double], fault: ClosedRange<Double> = 3...5) -> LoadResult {
        var result = LoadResult()
        result.entries = moments.map { ProbeLog.Entry(at: $0, seconds: 0.01, fault: nil) }
        (result.faultBegan, result.faultEnded) = (fault.lowerBound, fault.upperBound)
        return result
    }

    @Test("the longest pause is between two good answers, counts from the fault on, and late answers are pauses too")
    func pause() {
        var run = result([0, 1.5, 2.9, 3.1, 4.0, 4.1])
        #expect(abs(run.longestPause - 0.9) < 0.001)
        run.entries.append(ProbeLog.Entry(at: 3.5, seconds: 0.01, fault: "503"))
        #expect(abs(run.longestPause - 0.9) < 0.001)
        run.entries.append(ProbeLog.Entry(at: 4.2, seconds: 2, fault: nil))
        #expect(abs(run.longestPause - 2.09) < 0.001)
    }

    @Test("a run without a good answer after the fault has no end to its pause")
    func silence() { #expect(result([0, 1]).longestPause == .infinity) }

    @Test("each promise that was not kept is told, and a run that kept all of them has no misses")
    func promises() {
        let promise = Promise(failedRequests: 1, pause: 0.5, figures: ["takeover": 1])
        var run = result([3, 3.2, 3.4])
        run.failedRequests = 1
        #expect(promise.misses(run, failures: [], figures: [Figure("takeover", .seconds(1))]).isEmpty)
        run = result([3, 3.2, 3.9])
        (run.failedRequests, run.failedPulls, run.violations) = (2, 1, ["a blob is lost"])
        #expect(
            promise.misses(run, failures: ["skopeo: 503"], figures: [Figure("takeover", .seconds(2))]) == [
                "a blob is lost", "1 pulls failed for good", "skopeo: 503",
                "2 failed requests, and 1 were promised at most",
                "a pause of 0.70 s, and 0.50 s were promised at most",
                "takeover: 2.00 s, and 1.00 s were promised at most",
            ])
    }

    @Test("what is not promised is no miss, but what was lost always is")
    func told() {
        let promise = Promise(failedCommands: nil)
        var run = result([])
        run.violations = ["a blob is lost"]
        #expect(promise.misses(run, failures: ["docker: 503"], figures: []) == ["a blob is lost"])
    }

    @Test("a picture shows the fault, good answers upwards in blue and failed ones in red")
    func picture() {
        var run = result([0, 1, 3.5])
        run.entries.append(ProbeLog.Entry(at: 4, seconds: 0.01, fault: "503"))
        let picture = FaultPicture(run).svg(titled: "node-kill")
        #expect(picture.hasPrefix("<svg ") && picture.hasSuffix("</svg>\n"))
        #expect(picture.contains("node-kill: answers"))
        #expect(picture.components(separatedBy: "#3b7dd8").count == 4)
        #expect(picture.components(separatedBy: "#d83b3b").count == 2)
        // The fault lasts two of five seconds: two fifths of the width.
        #expect(picture.contains(##"width="320.00" height="160.00" fill="#fdecc8""##))
    }
}
