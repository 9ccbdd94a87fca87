// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import TestKit

/// Somebody on the host `client` who pushes and pulls with a real client, one command after the other, all the time.
final class ClientLoop: Sendable {
    /// What became of the commands.
    struct Tally: Sendable {
        var commands = 0
        /// What the failed ones printed.
        var failures: [String] = []
        var longest = Duration.zero
    }

    private let state = Mutex((tally: Tally(), isOver: false))

    /// No command takes longer, whatever breaks.
    private static let patience = Duration.seconds(240)

    var tally: Tally { state.withLock { $0.tally } }

    /// Tells it to end after the round that is under way.
    func end() { state.withLock { $0.isOver = true } }

    /// Does rounds until it is told to end.
    ///
    /// - Parameter round: The commands of one round, which must all end well; it gets the number of the round.
    func run(_ round: @Sendable (_ number: Int) async throws -> [(tool: Tool, arguments: [String])]) async throws {
        var number = 0
        while !state.withLock({ $0.isOver }), !Task.isCancelled {
            number += 1
            for command in try await round(number) {
                guard await perform(command.tool, command.arguments) else { break }
            }
        }
    }

    /// - Returns: Whether it ended well; the rest of a round makes no sense otherwise.
    private func perform(_ tool: Tool, _ arguments: [String]) async -> Bool {
        let start = ContinuousClock.now
        var failure: String?
        do {
            let result = try await tool.run(arguments, deadline: Self.patience)
            if result.status != 0 { failure = "\(arguments.joined(separator: " ")): \(result)" }
        } catch {
            failure = "\(error)"
        }
        let (time, text) = (ContinuousClock.now - start, failure)
        state.withLock { state in
            state.tally.commands += 1
            state.tally.longest = max(state.tally.longest, time)
            if let text { state.tally.failures.append(text) }
        }
        return failure == nil
    }
}
