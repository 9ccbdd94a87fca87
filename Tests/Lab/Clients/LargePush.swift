// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// A push of one layer of two gigabytes by skopeo, which tries again when it is cut off in ways that it knows, and by whoever
/// gave the command, who gives it again.
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

    /// How a push went.
    struct Course: Sendable {
        /// From the first command to the end of the last.
        let time: Duration
        /// How often the command was given.
        let commands: Int
    }

    /// - Throws: ``ToolFailure`` when the third command fails too.
    func run() async throws -> Course {
        let start = ContinuousClock.now
        let (tool, arguments) = clients.skopeoPush("oci:\(layout):x", to: "library/large:x")
        var failure = ""
        for commands in 1...3 {
            let result = try await tool.run(arguments, deadline: .seconds(900))
            if result.status == 0 { return Course(time: ContinuousClock.now - start, commands: commands) }
            failure = "\(result)"
        }
        throw ToolFailure(what: failure)
    }
}
