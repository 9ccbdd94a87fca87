// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Looks, while nothing else happens, whether a server shows what clients were told.
package struct CrashCheck: Sendable {
    let client: RegistryClient
    let token: String
    let ledger: PushLedger

    package init(_ client: RegistryClient, token: String, _ ledger: PushLedger) {
        self.client = client
        self.token = token
        self.ledger = ledger
    }

    /// Reads names and everything they stand for, and settles what was read.
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
        let answer = try await client.send(
            "GET", "/v2/\(name.repository)/manifests/\(name.reference)", ["Accept": "*/*"], as: .verbatim(token))
        let found: String?
        switch answer.status {
        case 200: found = TestBlob(answer.body).digest
        case 404: found = nil
        default: return ledger.violate("GET of \(name) after a restart: \(answer)")
        }
        let possible = ledger.possible(name)
        guard possible.contains(found) else {
            let expected = possible.map { $0 ?? "nothing" }.sorted().joined(separator: " or ")
            return ledger.violate("\(name) is \(found ?? "nothing"), not \(expected)")
        }
        ledger.settle(name, found)
        if let found, let image = ledger.image(found) { try await look(at: image, in: name.repository) }
    }

    private func look(at image: PushLedger.Image, in repository: String) async throws {
        for digest in image.blobs {
            let answer = try await client.send("GET", "/v2/\(repository)/blobs/\(digest)", as: .verbatim(token))
            guard answer.status == 200, TestBlob(answer.body).digest == digest else {
                return ledger.violate("blob \(digest) of \(image.manifest) in \(repository): \(answer.status)")
            }
        }
    }

    /// Deletes every manifest that is there, and with them their tags.
    package func deleteEverything(_ names: [PushLedger.Name]) async throws {
        for name in names where name.reference.hasPrefix("sha256:") {
            let answer = try await client.send(
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
