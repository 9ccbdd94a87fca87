// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A node among others over one database, and what it does while that is out of reach.
package struct ClusterSettings: Sendable {
    package let nodeName: String
    package let heartbeatInterval: Duration
    /// 0: never.
    package let staleTags: Duration
    /// 0: never.
    package let staleDigests: Duration
    /// 0: never.
    package let outagePatience: Duration

    /// How long after its last beat a node is shown as gone.
    package var goneAfter: Duration { heartbeatInterval * 3 }

    init(_ reader: inout SettingReader) {
        nodeName = reader.read(
            Setting(
                "node_name", .line, default: Self.machineName, shown: "the name of the machine",
                "The name of this node in `haven node list` and in the health API; no two nodes should have one name."))
        heartbeatInterval = reader.read(
            Setting(
                "heartbeat_interval", .duration(bare: .seconds, atLeast: .milliseconds(100)), default: .seconds(5),
                "The time between two signs of life that a node writes to the database. After three without one it is "
                    + "shown as gone."))
        staleTags = reader.read(
            Setting(
                "stale_tags", .duration(bare: .seconds), default: .seconds(900),
                "While the database server is out of reach: how long a tag is still pulled as this node last read it; "
                    + "0 never."))
        staleDigests = reader.read(
            Setting(
                "stale_digests", .duration(bare: .seconds), default: .seconds(86_400),
                "While the database server is out of reach: how long manifests and blobs are still pulled by digest, and "
                    + "rights to pull count, as this node last read them; 0 never."))
        outagePatience = reader.read(
            Setting(
                "outage_patience", .duration(bare: .seconds), default: .seconds(30),
                "While the database server is out of reach: for how long after it went away pushes, and pulls of what this node "
                    + "never read, wait for it before they are told to come back; 0 never."))
        if nodeName.utf8.count > 255 {
            reader.fault("node_name", "the name is longer than 255 bytes; give a shorter one")
        }
    }

    private static var machineName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "haven" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.isEmpty ? "haven" : name
    }
}
