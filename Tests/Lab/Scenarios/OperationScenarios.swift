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
        Scenario(
            name: "certificate-rotation", what: "Every node gets another certificate.", promise: planned,
            needs: "https"
        ) { lab in
            guard let certificates = lab.certificates else { throw ToolFailure(what: "the lab has no certificates") }
            try await certificates.issue(commonName: "rotated")
            let start = ContinuousClock.now
            for node in LabAddress.nodes {
                for (file, place) in [(certificates.key, "server.key"), (certificates.certificate, "server.crt")] {
                    let text = try String(contentsOfFile: file, encoding: .utf8)
                    try await lab.host(node).check("cat > /data/cert/\(place)", input: text)
                }
            }
            for node in LabAddress.nodes { try await lab.awaitCertificate("rotated", of: node) }
            return [Figure("served by all after", ContinuousClock.now - start)]
        },
        Scenario(
            name: "key-rotation", what: "The key that signs tokens is replaced.", promise: planned
        ) { lab in
            try await lab.haven("token rotate", on: "node1")
            try await Task.sleep(for: .seconds(10))
            return []
        },
    ]
}

extension Lab {
    /// Waits until a node shows a certificate with this common name.
    fileprivate func awaitCertificate(_ commonName: String, of node: String) async throws {
        let script = "openssl s_client -connect \(LabAddress.of(node)):443 < /dev/null 2>&1 | grep 'subject='"
        let isServed = try await eventually(within: .seconds(90), every: .milliseconds(200)) {
            try await host("client").run(script).output.contains(commonName)
        }
        guard isServed else { throw ToolFailure(what: "\(node) does not serve the new certificate") }
    }
}
