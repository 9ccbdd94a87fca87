// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Looks, while nothing else happens, whether every node shows what clients were told.
package struct CrashCheck: Sendable {
    let nodes: [RegistryClient]
    let token: String
    let ledger: PushLedger

    /// - Parameter nodes: The nodes of one registry that run.
    package init(_ nodes: [RegistryClient], token: String, _ ledger: PushLedger) {
        self.nodes = nodes
        self.token = token
        self.ledger = ledger
    }

    /// Reads names and everything they stand for, on every node, and settles what was read.
    ///
    /// - Parameter names: Tags and digests; several are read at once.
    package func look(at names: [PushLedger.Name]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, name) in names.enumerated() {
                if index >= 8 { try await group.next() }
                group.addTask { try await look(at: name) }
            }
            try await group.waitForAll()
        }
    }

    private func look(at name: PushLedger.Name) async throws {
        for node in nodes {
            guard let found = try await read(name, node) else { return }
            let possible = ledger.possible(name)
            guard possible.contains(found.digest) else {
                let expected = possible.map { $0 ?? "nothing" }.sorted().joined(separator: " or ")
                return ledger.violate("\(name) is \(found.digest ?? "nothing") at \(node.url), not \(expected)")
            }
            // What one node shows, all must show.
            ledger.settle(name, found.digest)
            if let digest = found.digest, let image = ledger.image(digest) {
                try await look(at: image, in: name.repository, node)
            }
        }
    }

    /// The digest that a name stands for, nil for none; nothing when the node gave no clear answer, which is noted.
    private func read(_ name: PushLedger.Name, _ node: RegistryClient) async throws -> (digest: String?, Void)? {
        let answer = try await node.send(
            "GET", "/v2/\(name.repository)/manifests/\(name.reference)", ["Accept": "*/*"], as: .verbatim(token))
        switch answer.status {
        case 200 where answer["warning"] == nil: return (TestBlob(answer.body).digest, ())
        case 404: return (nil, ())
        default:
            ledger.violate("GET of \(name) at \(node.url) when all is well: \(answer)")
            return nil
        }
    }

    private func look(at image: PushLedger.Image, in repository: String, _ node: RegistryClient) async throws {
        for digest in image.blobs {
            let answer = try await node.send("GET", "/v2/\(repository)/blobs/\(digest)", as: .verbatim(token))
            guard answer.status == 200, TestBlob(answer.body).digest == digest else {
                return ledger.violate("blob \(digest) of \(image.manifest) in \(repository): \(answer.status)")
            }
        }
    }

    /// Deletes every manifest that is there, and with them their tags.
    package func deleteEverything(_ names: [PushLedger.Name]) async throws {
        for name in names where name.reference.hasPrefix("sha256:") {
            let answer = try await nodes[0].send(
                "DELETE", "/v2/\(name.repository)/manifests/\(name.reference)", as: .verbatim(token))
            guard answer.status == 202 || answer.status == 404 else {
                ledger.violate("DELETE of \(name) at the end: \(answer)")
                continue
            }
        }
    }
}

extension HavenProcess {
    /// The files of the embedded store, wherever in the data volume it lies.
    package var storedObjects: [String] {
        let all = FileManager.default.enumerator(atPath: dataVolume)?.compactMap { $0 as? String } ?? []
        return all.filter { path in
            let words = path.split(separator: "/")
            return words.count > 2 && words[words.count - 3] == "haven" && words[words.count - 2].count == 2
        }
    }
}
