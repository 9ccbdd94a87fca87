// SPDX-License-Identifier: Apache-2.0

/// What the project promises for a scenario; nil where a figure is only told.
struct Promise: Sendable {
    /// Commands of skopeo and docker that may fail.
    var failedCommands: Int? = 0
    /// Requests of all kinds that may bring no usable answer.
    var failedRequests: Int?
    /// The longest time without a good answer to the probe, in seconds.
    var pause: Double?
    /// How long the figure of this name may be, in seconds.
    var figures: [String: Double] = [:]

    /// What was not kept, in words.
    ///
    /// - Parameter failures: What the failed commands of clients printed.
    func misses(_ result: LoadResult, failures: [String], figures: [Figure]) -> [String] {
        var misses = result.violations
        if result.failedPulls > 0, pause != nil { misses.append("\(result.failedPulls) pulls failed for good") }
        if let failedCommands, failures.count > failedCommands { misses += failures }
        if let limit = failedRequests, result.failedRequests > limit {
            misses.append("\(result.failedRequests) failed requests, and \(limit) were promised at most")
        }
        if let limit = pause, result.longestPause > limit {
            misses.append("a pause of \(result.longestPause.shown) s, and \(limit.shown) s were promised at most")
        }
        for figure in figures {
            guard let limit = self.figures[figure.name], figure.seconds > limit else { continue }
            misses.append("\(figure.name): \(figure.seconds.shown) s, and \(limit.shown) s were promised at most")
        }
        return misses
    }
}
