// SPDX-License-Identifier: Apache-2.0

extension SettingForm where Value == Bool {
    /// A switch, as Harbor writes it.
    package static var onOff: SettingForm {
        SettingForm("on, off, true or false") { text in
            switch text.lowercased() {
            case "on", "true": true
            case "off", "false": false
            default: nil
            }
        } text: {
            $0 ? "on" : "off"
        }
    }
}

extension SettingForm where Value == Int {
    /// A whole number inside a range.
    package static func integer(_ range: ClosedRange<Int>) -> SettingForm {
        SettingForm("a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            number(text).flatMap { Int(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
        } text: {
            "\($0)"
        }
    }

    /// A TCP port, or 0 for none.
    package static var port: SettingForm {
        SettingForm("a port number from 1 to 65535, or 0 for none") { text in
            number(text).flatMap { (0...65_535).contains($0) ? Int($0) : nil }
        } text: {
            "\($0)"
        }
    }
}

extension SettingForm where Value == Int64 {
    /// A number of bytes: digits, and k, M, G or T for powers of 1,024.
    package static var bytes: SettingForm {
        SettingForm("a number of bytes such as 4096, 512k, 200M or 1G") {
            parseBytes($0)
        } text: {
            bytesText($0)
        }
    }
}

extension SettingForm where Value == Duration {
    /// A length of time: digits and a unit. A bare number counts in `unit`.
    package static func duration(bare unit: DurationUnit, atLeast least: Duration = .zero) -> SettingForm {
        let bound = least > .zero ? ", at least \(durationText(least))" : ""
        return SettingForm(
            "a length of time such as 500ms, 30s, 5m, 24h or 7d (a bare number counts \(unit.plural))\(bound)"
        ) { text in
            parseDuration(text, bare: unit).flatMap { $0 >= least ? $0 : nil }
        } text: {
            durationText($0)
        }
    }
}

/// What a bare number of a duration counts.
package enum DurationUnit: String, CaseIterable, Sendable {
    case milliseconds = "ms"
    case seconds = "s"
    case minutes = "m"
    case hours = "h"
    case days = "d"

    var plural: String { "\(self)" }

    var milliseconds: Int64 {
        switch self {
        case .milliseconds: 1
        case .seconds: 1_000
        case .minutes: 60_000
        case .hours: 3_600_000
        case .days: 86_400_000
        }
    }
}

/// Reads decimal digits and nothing else, so that `+5`, `0x10` and `1_000` are refused.
private func number(_ text: some StringProtocol) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(text)
}

private func parseBytes(_ text: String) -> Int64? {
    guard let last = text.last else { return nil }
    let shift: Int64? =
        switch last {
        case "k", "K": 10
        case "m", "M": 20
        case "g", "G": 30
        case "t", "T": 40
        default: nil
        }
    guard let shift else { return number(text) }
    guard let count = number(text.dropLast()) else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: 1 << shift)
    return overflow ? nil : bytes
}

private func bytesText(_ bytes: Int64) -> String {
    for (letter, shift) in [("T", Int64(40)), ("G", 30), ("M", 20), ("k", 10)]
    where bytes > 0 && bytes % (1 << shift) == 0 {
        return "\(bytes >> shift)\(letter)"
    }
    return "\(bytes)"
}

private func parseDuration(_ text: String, bare: DurationUnit) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let suffix = text.dropFirst(digits.count)
    guard let count = number(digits), let unit = suffix.isEmpty ? bare : DurationUnit(rawValue: String(suffix)) else {
        return nil
    }
    // Ten years bound every wait; they keep the arithmetic below far from overflow too.
    let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
    return overflow || milliseconds > 315_360_000_000 ? nil : .milliseconds(milliseconds)
}

private func durationText(_ duration: Duration) -> String {
    let parts = duration.components
    let milliseconds = parts.seconds * 1_000 + parts.attoseconds / 1_000_000_000_000_000
    for unit in DurationUnit.allCases.reversed() where milliseconds > 0 && milliseconds % unit.milliseconds == 0 {
        return "\(milliseconds / unit.milliseconds)\(unit.rawValue)"
    }
    return "0"
}
