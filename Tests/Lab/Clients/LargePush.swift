// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// A push of one layer of two gigabytes by skopeo, which tries again when it is cut off.
struct LargePush: Sendable {
    private let clients: LabClients
    private let layout: String

    private static let bytes = 2 << 30

    init(_ clients: LabClients) async throws {
        self.clients = clients
        layout = "\(clients.folder)/large"
        // The layer of an earlier push would be there already.
        try? FileManager.default.removeItem(atPath: layout)
        try await ImageLayout(layout).addLargeImage(layerBytes: Self.bytes, tag: "x")
    }

    /// - Returns: How long it took, with all its tries.
    func run() async throws -> Duration {
        let start = ContinuousClock.now
        let (tool, arguments) = clients.skopeoPush("oci:\(layout):x", to: "library/large:x")
        try await tool.check(arguments, deadline: .seconds(900))
        return ContinuousClock.now - start
    }
}
