// SPDX-License-Identifier: Apache-2.0

/// What travels between clients and nodes, as in the plan of the cluster.
enum LabTraffic: String, CaseIterable, Sendable {
    /// Plain HTTP all the way.
    case http
    /// TLS through the balancers to the nodes.
    case passthrough
    /// TLS to the balancers, plain HTTP from there.
    case terminate

    /// What the guide calls it: `https` is either of the two with TLS.
    var choices: [String] { self == .http ? [rawValue] : [rawValue, "https"] }
}
