// SPDX-License-Identifier: Apache-2.0

/// How long things are kept before the collector may take them, and how the server ends.
package struct LifecycleSettings: Sendable {
    package let leaseLife: Duration
    package let uploadLife: Duration
    package let readGrace: Duration
    /// How far the clocks of the database's machines may stand apart.
    package let clockSpread: Duration
    /// 0: never by itself.
    package let collectorInterval: Duration
    package let drainDelay: Duration
    package let drainTimeout: Duration

    /// - Parameters:
    ///   - isEmbedded: Whether the node stands alone, without balancers that look at its health.
    ///   - hasOneClock: Whether the database is on this machine only.
    init(_ reader: inout SettingReader, isEmbedded: Bool, hasOneClock: Bool) {
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
        clockSpread = reader.read(
            Setting(
                "clock_spread", .duration(bare: .seconds), default: hasOneClock ? .zero : .seconds(300),
                shown: "0; with a database server: 5m",
                "How far the clocks of the database's machines may stand apart. The collector waits that much longer."))
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
