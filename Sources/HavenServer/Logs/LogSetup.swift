// SPDX-License-Identifier: Apache-2.0

package import HTTPSupport
package import Logging

/// The log of one process: a logger to hand down, and the writer to flush at the end.
package struct LogSetup: Sendable {
    package let logger: Logger
    package let writer: LogWriter

    /// Opens the log that the settings describe.
    ///
    /// - Throws: ``LogFileError`` when the file cannot be opened.
    package init(_ settings: LogSettings) throws(LogFileError) {
        let target: any LogTarget =
            if let file = settings.file {
                try RotatingLogFile(path: file, sizeLimit: settings.rotateSizeBytes, count: settings.rotateCount)
            } else {
                DescriptorLogTarget()
            }
        let writer = LogWriter(to: target)
        self.writer = writer
        let level = settings.level
        logger = Logger(label: "haven") { _ in LineLogHandler(writer, level: level) }
    }

    /// Where requests are logged: lines like those of ``logger``, without the detour of making and sorting a dictionary.
    package var requests: RequestLog? {
        guard logger.logLevel <= .info else { return nil }
        return { [writer] fields in
            writer.write(LogLine.bytes(time: wallClock(), level: .info, message: "request", fields: fields))
        }
    }
}
