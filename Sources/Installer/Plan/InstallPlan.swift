// SPDX-License-Identifier: Apache-2.0

package import HavenServer

/// What an installation would do, and what stands against it.
package struct InstallPlan: Sendable {
    package let options: InstallOptions
    package let settings: Settings
    package internal(set) var findings: [Finding] = []
    package internal(set) var steps: [InstallStep] = []

    /// What must be put right before anything is changed.
    package var faults: [Finding] { findings.filter { $0.level == .fault } }
    package var warnings: [Finding] { findings.filter { $0.level == .warning } }
    package var places: InstallPlaces { InstallPlaces(prefix: options.prefix) }

    /// The plan as an operator reads it: first what was found, then what will happen.
    package var text: String {
        let good = findings.count - faults.count - warnings.count
        var lines = ["\(good) checks are good, \(warnings.count) deserve a look, \(faults.count) are faults"]
        lines += (faults + warnings).map(\.line)
        if !faults.isEmpty {
            lines.append("nothing was changed")
        } else if steps.isEmpty {
            lines.append("everything is installed as the settings say: nothing to change")
        } else {
            lines.append("steps:")
            lines += steps.map { "  \($0)" }
        }
        return lines.joined(separator: "\n")
    }
}

extension Finding {
    /// The finding in one line, with the key to change where one is to blame.
    var line: String { "  \(level.rawValue): \(key ?? subject): \(text)" }
}
