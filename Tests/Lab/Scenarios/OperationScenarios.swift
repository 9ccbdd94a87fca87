// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

extension Scenario {
    /// What an operator does while clients work.
    static let operations = [
        Scenario(
            name: "rolling-restart", what: "All nodes are stopped and started again, one after the other.",
            promise: planned, isShort: true
        ) { lab in
            for node in LabAddress.nodes {
                try await lab.stopNode(node)
                try await lab.startNode(node)
                // As a balancer wants to see it healthy before it sends anything.
                try await Task.sleep(for: .seconds(2))
            }
            return []
        },
        Scenario(
            name: "migration",
            what: "The schema goes one version ahead while all nodes serve, and a node starts on it.",
            promise: planned
        ) { lab in
            try await NextRelease.migrate(lab.services.openDatabase())
            try await Task.sleep(for: .seconds(5))
            try await lab.stopNode("node3")
            try await lab.startNode("node3")
            return []
        },
        certificateRotation("Every node gets another certificate.", needs: "passthrough") { lab, certificate, key in
            for node in LabAddress.nodes {
                try await lab.host(node).check("cat > /data/cert/server.key", input: key)
                try await lab.host(node).check("cat > /data/cert/server.crt", input: certificate)
            }
            return LabAddress.nodes.map(LabAddress.of)
        },
        certificateRotation("Both balancers get another certificate.", needs: "terminate") { lab, certificate, key in
            for balancer in LabAddress.balancers {
                try await lab.host(balancer).check(
                    "cat > /etc/haproxy/tls/registry.pem\nsystemctl reload haproxy", input: certificate + key)
            }
            return [LabAddress.virtual]
        },
        Scenario(
            name: "key-rotation", what: "The key that signs tokens is replaced.", promise: planned
        ) { lab in
            try await lab.haven("token rotate", on: "node1")
            try await Task.sleep(for: .seconds(10))
            return []
        },
    ]

    /// - Parameter replace: Puts the new certificate in place, and tells the addresses that must show it.
    private static func certificateRotation(
        _ what: String, needs choice: String,
        _ replace: @escaping @Sendable (_ lab: Lab, _ certificate: String, _ key: String) async throws -> [String]
    ) -> Scenario {
        Scenario(name: "certificate-rotation", what: what, promise: planned, needs: choice) { lab in
            let (certificate, key) = try await lab.certifyAnew()
            let start = ContinuousClock.now
            for address in try await replace(lab, certificate, key) { try await lab.awaitNewCertificate(at: address) }
            return [Figure("served by all after", ContinuousClock.now - start)]
        }
    }
}

extension Lab {
    /// Makes another certificate of the same authority.
    fileprivate func certifyAnew() async throws -> (certificate: String, key: String) {
        guard let certificates else { throw ToolFailure(what: "the lab has no certificates") }
        try await certificates.issue(commonName: "rotated")
        return (
            try String(contentsOfFile: certificates.certificate, encoding: .utf8),
            try String(contentsOfFile: certificates.key, encoding: .utf8)
        )
    }

    /// Waits until that certificate is shown.
    fileprivate func awaitNewCertificate(at address: String) async throws {
        let script = "openssl s_client -connect \(address):443 < /dev/null 2>&1 | grep 'subject='"
        let isServed = try await eventually(within: .seconds(90), every: .milliseconds(200)) {
            try await host("client").run(script).output.contains("rotated")
        }
        guard isServed else { throw ToolFailure(what: "\(address) does not serve the new certificate") }
    }
}
