// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HavenServer

/// `haven doctor`: is everything as it should be?
struct DoctorCommand: HavenCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine the machine and the places that the settings name.",
        discussion: """
            Disk space and rights, the file system, the time a flush takes, the clock, the ports, the certificate, open \
            files and memory are looked at, and the last line states how durable a push is. The exit code is 1 when \
            something is at fault, and 0 otherwise, warnings included.
            """)
    @OptionGroup var settings: SettingsOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: CommandContext) async throws {
        let settings = try settings.load(context)
        for warning in settings.warnings { printError("warning: \(warning)") }
        let findings = await MachineDoctor(settings).examine()
        var listing = Listing("result", "subject", "finding")
        for finding in findings {
            listing.add(.text(finding.level.rawValue), .text(finding.subject), .text(finding.text))
        }
        listing.print(output.output)
        if findings.contains(where: { $0.level == .fault }) { throw CommandEnd.failed }
    }
}
