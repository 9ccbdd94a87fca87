// SPDX-License-Identifier: Apache-2.0

/// Moments as text, `2026-01-02T03:04:05.678Z`: RFC 3339, always UTC, no more fraction digits than there is fraction.
package enum RFC3339 {
    /// Writes a moment.
    ///
    /// - Parameter microseconds: Microseconds since 1970-01-01T00:00:00Z. What lies outside the years 0 to 9999 that the
    ///   format has is written as their first or last moment.
    package static func string(microseconds: Int64) -> String {
        let moment = min(max(microseconds, first), last)
        let (seconds, fraction) = floorDivision(moment, by: 1_000_000)
        let (days, secondOfDay) = floorDivision(seconds, by: 86_400)
        let date = civil(fromDays: days)
        return String(unsafeUninitializedCapacity: 27) { buffer in
            var writer = DigitWriter(buffer: buffer)
            writer.write(date.year, digits: 4, then: "-")
            writer.write(date.month, digits: 2, then: "-")
            writer.write(date.day, digits: 2, then: "T")
            writer.write(secondOfDay / 3600, digits: 2, then: ":")
            writer.write(secondOfDay / 60 % 60, digits: 2, then: ":")
            writer.write(secondOfDay % 60, digits: 2, then: fraction == 0 ? "Z" : ".")
            if fraction != 0 { writer.writeFraction(fraction) }
            return writer.count
        }
    }

    /// Reads a moment: any offset, a leap second as the second after it, and what is finer than microseconds cut off.
    ///
    /// - Returns: Microseconds since 1970-01-01T00:00:00Z, or nil when `text` is not RFC 3339.
    package static func microseconds(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { buffer in
            var reader = DigitReader(bytes: buffer)
            return reader.readMoment()
        }
    }

    private static let first: Int64 = -62_167_219_200_000_000  // 0000-01-01T00:00:00Z
    private static let last: Int64 = 253_402_300_799_999_999  // 9999-12-31T23:59:59.999999Z

    private static func floorDivision(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar of years 0 and later.
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468  // days since 0000-03-01: years that begin in March end with the leap day
        let (era, dayOfEra) = floorDivision(shifted, by: 146_097)  // 400 years always have as many days
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = era * 400 + yearOfEra + (month < 10 ? 0 : 1)
        return (year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }

    /// The day counted from 1970-01-01 of a date that exists.
    fileprivate static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let (era, yearOfEra) = floorDivision(shifted, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

private struct DigitWriter {
    let buffer: UnsafeMutableBufferPointer<UInt8>
    var count = 0

    mutating func write(_ value: Int64, digits: Int, then mark: Unicode.Scalar) {
        var rest = value
        for index in stride(from: count + digits - 1, through: count, by: -1) {
            buffer[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        count += digits
        buffer[count] = UInt8(ascii: mark)
        count += 1
    }

    mutating func writeFraction(_ microseconds: Int64) {
        var value = microseconds
        var digits = 6
        while value % 10 == 0 {
            value /= 10
            digits -= 1
        }
        write(value, digits: digits, then: "Z")
    }
}

private struct DigitReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var offset = 0

    mutating func readMoment() -> Int64? {
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2),
            skip("T") || skip("t"), let hour = number(2), skip(":"), let minute = number(2), skip(":"),
            let second = number(2), let fraction = fraction(), let shift = shift(), offset == bytes.count
        else { return nil }
        guard (1...12).contains(month), (1...Self.length(ofMonth: month, year)).contains(day), hour < 24, minute < 60,
            second < 60 || (second == 60 && minute == 59)
        else { return nil }
        let days = RFC3339.days(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - shift
        return seconds * 1_000_000 + fraction
    }

    private mutating func number(_ digits: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<digits {
            guard offset < bytes.count, ASCII.isDigit(bytes[offset]) else { return nil }
            value = value * 10 + Int64(bytes[offset] - UInt8(ascii: "0"))
            offset += 1
        }
        return value
    }

    private mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: mark) else { return false }
        offset += 1
        return true
    }

    private mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        let start = offset
        var value: Int64 = 0
        var unit: Int64 = 100_000
        while let digit = number(1) {
            value += digit * unit
            unit /= 10
        }
        return offset > start ? value : nil
    }

    /// Seconds that the offset puts local time ahead of UTC.
    private mutating func shift() -> Int64? {
        if skip("Z") || skip("z") { return 0 }
        let isBehind = skip("-")
        guard isBehind || skip("+"), let hour = number(2), skip(":"), let minute = number(2), hour < 24, minute < 60
        else { return nil }
        return (hour * 3600 + minute * 60) * (isBehind ? -1 : 1)
    }

    private static func length(ofMonth month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}
