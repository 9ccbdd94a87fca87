// SPDX-License-Identifier: Apache-2.0

import OCI

/// A node of the cluster as the health API shows it.
package struct HealthNode: Sendable, Hashable {
    package let name: String
    package let version: String
    /// Where it listens.
    package let address: String
    /// `serving`, `draining`, `stopped`, or `gone` when it was silent for too long.
    package let state: String
    /// When it started, in microseconds since 1970.
    package let since: Int64
    /// Its last sign of life, in microseconds since 1970.
    package let beatAt: Int64

    package init(name: String, version: String, address: String, state: String, since: Int64, beatAt: Int64) {
        self.name = name
        self.version = version
        self.address = address
        self.state = state
        self.since = since
        self.beatAt = beatAt
    }

    /// - Parameter inFull: Whether version and address are told too.
    func write(to json: inout JSONWriter, inFull: Bool) {
        json.beginObject()
        json.member("name", name)
        if inFull {
            json.member("version", version)
            json.member("address", address)
        }
        json.member("state", state)
        json.member("since", RFC3339.string(microseconds: since))
        json.member("last_seen", RFC3339.string(microseconds: beatAt))
        json.endObject()
    }
}
