// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HavenServer
import Lifecycle

/// `haven doctor`: is everything as it should be?
struct DoctorCommand: HavenCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine the machine and the places that the settings name.",
        discussion: """
            Disk space and rights, the file system, the time a flush takes, the clock, the ports, the certificate, open \
            files and memory are looked at, and the last line states how durable a push is. The exit code is 1 when \
            something is at fault, and 0 otherwise, warnings included.

            With --balancer the host of a balancer is looked at instead: whether its kernel forwards packets and lets two \
            balancers share an address.

            With --verify the stored data is looked at instead: every blob, manifest, tag, counter and object, beside a \
            running server if there is one. The exit code is 1 when something is lost or inconsistent. Objects that only \
            waste space are a notice, unless --strict.
            """)
    @Flag(help: "Compare everything that is stored with everything that is remembered.") var verify = false
    @Flag(help: "With --verify: read and digest every blob.") var rehash = false
    @Flag(help: "With --verify: objects that only waste space are a fault too.") var strict = false
    @Flag(help: "Look at the host of a balancer instead of a node's.") var balancer = false
    @OptionGroup var settings: SettingsOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if balancer, verify { throw ValidationError("Give --balancer or --verify, not both.") }
        if !verify, rehash || strict { throw ValidationError("--rehash and --strict go with --verify.") }
    }

    func run(_ context: CommandContext) async throws {
        if balancer {
            try show(BalancerCheck.findings())
            return
        }
        let settings = try settings.load(context)
        for warning in settings.warnings { printError("warning: \(warning)") }
        if verify {
            try await verify(settings)
        } else {
            try await examine(settings)
        }
    }

    private func examine(_ settings: Settings) async throws {
        try show(await MachineDoctor(settings).examine())
    }

    private func show(_ findings: [Finding]) throws {
        var listing = Listing("result", "subject", "finding")
        for finding in findings {
            listing.add(.text(finding.level.rawValue), .text(finding.subject), .text(finding.text))
        }
        listing.print(output.output)
        if findings.contains(where: { $0.level == .fault }) { throw CommandEnd.failed }
    }

    private func verify(_ settings: Settings) async throws {
        let report = try await withStores(settings) { stores in
            try await Checker(metadata: stores.metadata, blobs: stores.blobs, times: settings.times)
                .run(rehash: rehash, onProgress: ProgressLine.show)
        }
        ProgressLine.end()
        CheckResult(report).print(output.output)
        if report.isFaulty || (strict && !report.isClean) { throw CommandEnd.failed }
    }
}
