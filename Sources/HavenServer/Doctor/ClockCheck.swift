// SPDX-License-Identifier: Apache-2.0

/// Whether the machine's clock can be right. Tokens and leases look at it; no data depends on it.
enum ClockCheck {
    /// 2026-01-01: this program was made later.
    private static let madeAfter = 1_767_225_600

    /// - Parameters:
    ///   - now: Seconds since 1970.
    ///   - newest: The newest change in the data folder, in seconds since 1970.
    static func finding(now: Int = Int(wallClock() / 1_000_000), newest: Int?) -> Finding {
        if now < madeAfter {
            return Finding(
                .fault, "clock",
                "the clock stands before this program was made; set it, or every "
                    + "token is refused")
        }
        if let newest, newest > now + 60 {
            return Finding(
                .warning, "clock",
                "the data folder was changed \(newest - now) s in the future; the clock was set back, or is wrong now")
        }
        return Finding(.good, "clock", "the clock is not before anything that was written")
    }
}
