// SPDX-License-Identifier: Apache-2.0

/// How long things are kept before the collector may take them, and how the server ends.
package struct LifecycleSettings: Sendable {
    package let leaseLife: Duration
    package let uploadLife: Duration
    package let readGrace: Duration
    /// 0: never by itself.
    package let collectorInterval: Duration
    package let drainDelay: Duration
    package let drainTimeout: Duration

    /// - Parameter isEmbedded: Whether the node stands alone, without balancers that look at its health.
    init(_ reader: inout SettingReader, isEmbedded: Bool) {
        leaseLife = reader.read(
            Setting(
                "lease_life", .duration(bare: .seconds, atLeast: .milliseconds(1)), default: .seconds(86_400),
                "How long a blob or manifest that nothing references is kept after a push, a mount or a check "
                    + "of its presence."))
        uploadLife = reader.read(
            Setting(
                "upload_life", .duration(bare: .seconds, atLeast: .milliseconds(1)), default: .seconds(86_400),
                "How long an unfinished upload is kept after its last byte."))
        readGrace = reader.read(
            Setting(
                "read_grace", .duration(bare: .seconds), default: .seconds(3_600),
                "How long the bytes of a removed blob stay for downloads that have begun."))
        collectorInterval = reader.read(
            Setting(
                "gc_interval", .duration(bare: .seconds), default: .seconds(3_600),
                "The time between two runs of the collector inside the server; 0 leaves it to `haven gc`."))
        drainDelay = reader.read(
            Setting(
                "drain_delay", .duration(bare: .seconds), default: isEmbedded ? .zero : .seconds(3),
                shown: "0; with trusted_proxies or a database server: 3s",
                "How long /healthz answers 404 after SIGTERM before the listener closes, so that balancers stop "
                    + "sending."))
        drainTimeout = reader.read(
            Setting(
                "drain_timeout", .duration(bare: .seconds), default: .seconds(60),
                "How long running transfers may go on after the listener closed."))
    }
}
