// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import haven_lab

@Suite("What the lab reads out of the guide")
struct GuideTests {
    @Test("a block with hosts is a step with its choice and its line, and others are for reading")
    func steps() {
        let guide = """
            # Guide
            ```sh
            not for a host
            ```
            ```sh lb1 lb2
            one

            two
            ```
            ```sh node1 stays
            serve
            ```
            ```yaml node1:haven/cluster.yml
            a: 1
            ```
            ```ini node1:haven/haven.cfg when=s3
            key = value
            ```
            """
        #expect(
            GuideStep.steps(of: guide) == [
                step(["lb1", "lb2"], .commands(stays: false), "one\n\ntwo\n", 5),
                step(["node1"], .commands(stays: true), "serve\n", 10),
                step(["node1"], .file("haven/cluster.yml"), "a: 1\n", 13),
                step(["node1"], .settings("haven/haven.cfg"), "key = value\n", 16, "s3"),
            ])
    }

    private func step(
        _ hosts: [String], _ action: GuideStep.Action, _ text: String, _ line: Int, _ choice: String? = nil
    ) -> GuideStep {
        GuideStep(hosts: hosts, action: action, text: text, choice: choice, line: line)
    }

    @Test("a changed key replaces the line that sets it, else the one that is commented out, else it is added")
    func settings() {
        let before = """
            # hostname = example
            hostname = old
            #db_host = a
            db_host_extra = b

            """
        let changes = """
            # a remark
            hostname = new
            db_host = c
            redis_url = d
            """
        let after = """
            # hostname = example
            hostname = new
            db_host = c
            db_host_extra = b
            redis_url = d

            """
        #expect(SettingsEdit.apply(changes, to: before) == after)
    }
}
