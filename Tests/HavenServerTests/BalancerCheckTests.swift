// SPDX-License-Identifier: Apache-2.0
import Foundation
import HavenServer
import TestKit
import Testing

@Suite("the doctor at a balancer")
struct BalancerCheckTests {
    @Test("wants both kernel settings, and names the one that is missing with the line to add")
    func switches() async throws {
        try await withTemporaryFolder { folder in
            let root = "\(folder)/net/ipv4"
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
            try "1\n".write(toFile: "\(root)/ip_forward", atomically: true, encoding: .utf8)
            try "0\n".write(toFile: "\(root)/ip_nonlocal_bind", atomically: true, encoding: .utf8)
            let findings = BalancerCheck.findings(root: folder)
            #expect(findings.map(\.level) == [.good, .fault])
            #expect(findings[1].text.contains("add net.ipv4.ip_nonlocal_bind = 1 to /etc/sysctl.conf"))
        }
    }
}
