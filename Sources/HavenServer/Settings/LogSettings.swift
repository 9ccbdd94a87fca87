// SPDX-License-Identifier: Apache-2.0

package import Logging

/// Where log lines go.
package struct LogSettings: Sendable {
    /// nil: standard error.
    package let file: String?
    package let level: Logger.Level
    /// 0: a full file is emptied.
    package let rotateCount: Int
    package let rotateSizeBytes: Int64

    init(_ reader: inout SettingReader) {
        file = reader.read(
            Setting(
                "log_file", .optional(.path), default: nil, shown: "standard error",
                "The file for log lines, made when absent. It rotates as the next two settings say."))
        level = reader.read(
            Setting(
                "log_level", .logLevel, default: .info,
                "The least important lines that are written. debug and trace are for looking into a fault."))
        rotateCount = reader.read(
            Setting(
                "log_rotate_count", .integer(0...10_000), default: 50, origin: .harbor,
                "How many rotated files are kept; with 0 a full file is removed and begun anew."))
        rotateSizeBytes = reader.read(
            Setting(
                "log_rotate_size", .bytes, default: 200 << 20, origin: .harbor,
                "The size at which the file is rotated; 0 never rotates."))
    }
}

extension SettingForm where Value == Logger.Level {
    /// The levels of swift-log.
    package static var logLevel: SettingForm { choice }
}
