// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A moment in UTC, by the second, in the forms that stores and signatures use.
package struct UTCTime: Hashable, Sendable {
    /// Seconds since 1970.
    package let seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    package static var now: UTCTime { UTCTime(seconds: Int64(time(nil))) }

    /// Microseconds since 1970.
    package var microseconds: Int64 { seconds * 1_000_000 }

    /// `20261125`
    package var basicDate: String { parts.year4 + parts.month2 + parts.day2 }

    /// `20261125T134500Z`
    package var basic: String { "\(basicDate)T\(parts.hour2)\(parts.minute2)\(parts.second2)Z" }

    /// `2026-11-25T13:45:00Z`
    package var iso8601: String {
        "\(parts.year4)-\(parts.month2)-\(parts.day2)T\(parts.hour2):\(parts.minute2):\(parts.second2)Z"
    }

    /// `Wed, 25 Nov 2026 13:45:00 GMT`: RFC 9110, section 5.6.7.
    package var httpDate: String {
        let day = Self.weekdays[Int(((seconds / 86_400 + 4) % 7 + 7) % 7)]
        return "\(day), \(parts.day2) \(Self.months[parts.month - 1]) \(parts.year4) "
            + "\(parts.hour2):\(parts.minute2):\(parts.second2) GMT"
    }

    /// Reads `2026-11-25T13:45:00.123Z`, with or without a fraction and the `Z`; a fraction is dropped.
    package init?(iso8601 text: String) {
        let numbers = text.prefix(19).split { "-T: ".contains($0) }.map { Int64($0) }
        guard numbers.count == 6, let year = numbers[0], let month = numbers[1], let day = numbers[2],
            let hour = numbers[3], let minute = numbers[4], let second = numbers[5]
        else { return nil }
        seconds = Self.days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    /// Reads the date of an HTTP header: `Wed, 25 Nov 2026 13:45:00 GMT`.
    package init?(httpDate text: String) {
        let words = text.split { ", :".contains($0) }
        guard words.count >= 7, let day = Int64(words[1]), let month = Self.months.firstIndex(of: String(words[2])),
            let year = Int64(words[3]), let hour = Int64(words[4]), let minute = Int64(words[5]),
            let second = Int64(words[6])
        else { return nil }
        seconds = Self.days(year, Int64(month + 1), day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Days since 1970 of a date of the Gregorian calendar, counted in years that begin in March.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private struct Parts {
        var year, month, day, hour, minute, second: Int

        private func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        var year4: String { String(repeating: "0", count: max(0, 4 - String(year).count)) + String(year) }
        var month2: String { two(month) }
        var day2: String { two(day) }
        var hour2: String { two(hour) }
        var minute2: String { two(minute) }
        var second2: String { two(second) }
    }

    private var parts: Parts {
        let day = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
        let rest = Int(seconds - day * 86_400)
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let civilMonth = Int(month < 10 ? month + 3 : month - 9)
        return Parts(
            year: Int(yearOfEra + era * 400) + (civilMonth <= 2 ? 1 : 0), month: civilMonth,
            day: Int(dayOfYear - (153 * month + 2) / 5 + 1), hour: rest / 3_600, minute: rest / 60 % 60,
            second: rest % 60)
    }
}
