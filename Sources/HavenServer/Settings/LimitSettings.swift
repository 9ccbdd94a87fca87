// SPDX-License-Identifier: Apache-2.0

/// Bounds that keep one client from taking everything.
package struct LimitSettings: Sendable {
    package let maxConnections: Int
    package let maxHeaderBytes: Int64
    package let headerTimeout: Duration
    package let idleTimeout: Duration
    package let transferTimeout: Duration
    /// 0: none.
    package let maxBlobBytes: Int64
    package let manifestCacheBytes: Int64

    init(_ reader: inout SettingReader) {
        maxConnections = reader.read(
            Setting(
                "max_connections", .integer(1...1_000_000), default: 4_096,
                "How many connections are served at once; more wait until one ends."))
        maxHeaderBytes = reader.read(
            Setting("max_header_size", .bytes, default: 64 << 10, "The most bytes the header of a request may have."))
        headerTimeout = reader.read(
            Setting(
                "header_timeout", .duration(bare: .seconds, atLeast: .milliseconds(1)), default: .seconds(30),
                "How long a client may take to send the header of a request."))
        idleTimeout = reader.read(
            Setting(
                "idle_timeout", .duration(bare: .seconds, atLeast: .milliseconds(1)), default: .seconds(180),
                "How long a connection without a request stays open."))
        transferTimeout = reader.read(
            Setting(
                "transfer_timeout", .duration(bare: .seconds, atLeast: .milliseconds(1)), default: .seconds(60),
                "How long an upload or download may stand still before it is cut."))
        maxBlobBytes = reader.read(
            Setting("max_blob_size", .bytes, default: 0, "The largest blob a client may push; 0 sets no limit."))
        manifestCacheBytes = reader.read(
            Setting(
                "manifest_cache_size", .bytes, default: 32 << 20,
                "How much memory manifests may take in "
                    + "the cache."))
        if maxHeaderBytes < 4_096 {
            reader.fault("max_header_size", "requests with a token do not fit; give at least 4k")
        }
    }
}
