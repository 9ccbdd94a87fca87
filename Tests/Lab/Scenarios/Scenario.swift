// SPDX-License-Identifier: Apache-2.0

/// Something that breaks, or is done, while clients work.
struct Scenario: Sendable {
    /// What the project promises for it; nil where a figure is only told.
    struct Promise: Sendable {
        /// Commands of skopeo and docker that may fail.
        var failedCommands: Int? = 0
        /// Requests of all kinds that may bring no usable answer.
        var failedRequests: Int?
        /// The longest time without a good answer to the probe, in seconds.
        var pause: Double?
        /// How long the figure of this name may be, in seconds.
        var figures: [String: Double] = [:]
    }

    let name: String
    /// What happens, in a sentence for the report.
    let what: String
    let promise: Promise
    /// Whether it is one of the short set.
    var isShort = false
    /// Whether a push of two gigabytes goes on while it happens.
    var hasLargePush = false
    /// Whether the load sends passwords: tokens are good only where the clocks agree.
    var usesPassword = false
    /// The backend that it needs, such as `postgresql`; nil for any.
    var needs: String?
    let act: @Sendable (Lab) async throws -> [Figure]

    /// How long the fault lasts, when nothing else ends it.
    static let duration = Duration.seconds(8)
}

/// A figure that only one scenario has.
struct Figure: Sendable {
    let name: String
    let seconds: Double

    init(_ name: String, _ time: Duration) {
        self.name = name
        seconds = SteadyProbe.seconds(time)
    }
}

extension Scenario {
    /// All, in the order in which they are run.
    static let all = nodes + balancers + databases + caches + stores + operations
}
