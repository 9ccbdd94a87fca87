// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Logging

/// The handler behind every logger: makes the line where the event happened and leaves the writing to a ``LogWriter``.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let writer: LogWriter
    private let now: @Sendable () -> Int64

    /// - Parameter now: The time in microseconds since 1970, UTC.
    package init(_ writer: LogWriter, level: Logger.Level, now: @escaping @Sendable () -> Int64 = wallClock) {
        self.writer = writer
        self.logLevel = level
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { _, new in new } }
        if let given = event.metadata {
            if merged.isEmpty { merged = given } else { merged.merge(given) { _, new in new } }
        }
        if let error = event.error, merged["error"] == nil { merged["error"] = "\(error)" }
        writer.write(
            LogLine.bytes(time: now(), level: event.level, message: "\(event.message)", metadata: merged))
    }
}

/// The machine's clock in microseconds since 1970, UTC. Lines carry it; nothing is decided by it.
package func wallClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
}
