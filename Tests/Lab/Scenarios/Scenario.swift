// SPDX-License-Identifier: Apache-2.0

/// Something that breaks, or is done, while clients work.
struct Scenario: Sendable {
    let name: String
    /// What happens, in a sentence for the report.
    let what: String
    var promise: Promise
    /// Whether it is one of the short set.
    var isShort = false
    /// Whether a push of two gigabytes goes on while it happens.
    var hasLargePush = false
    /// Whether clients lose the connections that they have: then one may be cut off in one of the few requests that it does not
    /// send again.
    var cutsClients = false
    /// Whether the load sends passwords: tokens are good only where the clocks agree.
    var usesPassword = false
    /// The choice that it needs, such as `postgresql` or `terminate`; nil for none.
    var needs: String?
    let act: @Sendable (Lab) async throws -> [Figure]

    /// The same without promises about times and single requests, and with one failed command where clients are cut off.
    var untimed: Scenario {
        var scenario = self
        scenario.promise = Promise(failedCommands: promise.failedCommands.map { $0 + (cutsClients ? 1 : 0) })
        return scenario
    }

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
    static let all = nodes + balancers + passing + databases + caches + stores + operations
}
