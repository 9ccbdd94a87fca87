// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Cluster
import HavenServer

extension ClusterCommand {
    /// `haven cluster example`: a plan to begin with.
    struct Example: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a plan to begin with, each key explained.",
            discussion: "haven cluster example > cluster.yml, then set your addresses.")

        func run() throws {
            print(ClusterPlan.example, terminator: "")
        }
    }

    /// `haven cluster render`: from one plan the files of all hosts.
    struct Render: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the files of every balancer and node in a plan, each host in a folder of its own.",
            discussion: """
                Every folder has a README.md with the commands that put exactly its files in place. A folder of an earlier \
                rendering is brought up to date: what the plan no longer has is removed. Any other folder must be empty.
                """)
        @OptionGroup var plan: PlanFile
        @Option(help: ArgumentHelp("The folder to write.", valueName: "folder"), completion: .directory)
        var output: String

        func run() throws {
            let hosts = try plan.read().rendered(by: HavenVersion.number)
            let change = try RenderedFolder(path: output).write(hosts, by: HavenVersion.number)
            for path in change.written { print("wrote \(output)/\(path)") }
            for path in change.removed { print("removed \(output)/\(path)") }
            let count = hosts.map(\.files.count).reduce(0, +)
            print(
                "\(hosts.count) hosts, \(count) files, \(count - change.written.count) of them unchanged; go on with "
                    + "\(output)/\(hosts[0].name)/README.md")
        }
    }

    /// `haven cluster check`: would the hosts take the files?
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a plan, and let keepalived, haproxy, bash and nft read what would be rendered from it.",
            discussion: """
                Nothing is written but in a temporary folder. A program that is not installed here is named, and its files \
                are not checked. With --host the kernel of this machine is looked at too, as that host's. The exit code is 1 \
                when something is at fault, 0 otherwise, warnings included, and 2 when the plan itself is wrong.
                """)
        @OptionGroup var plan: PlanFile
        @Option(
            help: ArgumentHelp("Check the files of this host alone, which is the one you are on.", valueName: "name"))
        var host: String?
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let plan = try plan.read()
            var hosts = plan.rendered(by: HavenVersion.number)
            if let host {
                let names = hosts.map(\.name).joined(separator: ", ")
                hosts = hosts.filter { $0.name == host }
                if hosts.isEmpty { throw ValidationError("The plan has no host \(host); it has \(names).") }
            }
            let findings = try await ClusterRehearsal(plan: plan, hosts: hosts, isHere: host != nil).findings()
            var listing = Listing("result", "host", "subject", "finding")
            for finding in findings {
                listing.add(
                    .text(finding.level.rawValue), .text(finding.host), .text(finding.subject), .text(finding.text))
            }
            listing.print(output.output)
            if findings.contains(where: { $0.level == .fault }) { throw CommandEnd.failed }
        }
    }
}
