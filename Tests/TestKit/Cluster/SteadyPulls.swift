// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Clients that pull the same images again and again from all nodes, as machines of a cluster do, and count what they met.
///
/// A pull is a manifest by tag and every blob of it. As real clients do, it tries a request up to five times, each time at
/// another node; only a pull that failed for good counts as failed.
package final class SteadyPulls: Sendable {
    /// What was met so far.
    package struct Tally: Sendable {
        package var pulls = 0
        package var failedPulls = 0
        /// Requests that were answered with 5xx or not at all.
        package var failedRequests = 0
        /// Answers that were marked as maybe not the latest.
        package var staleAnswers = 0
        /// The longest time from the first try of a pull to its end.
        package var longestPull = Duration.zero
        /// What was wrong: bytes of another digest, a tag that points elsewhere, an answer no client understands.
        package var violations: [String] = []
    }

    private let images: [TestImage]
    private let repository: String
    private let token: String
    private let nodes: @Sendable () -> [RegistryClient]
    private let state = Mutex(Tally())

    private static let tries = 5

    /// - Parameter nodes: Where requests may go; asked before each.
    package init(
        _ images: [TestImage], in repository: String, token: String, nodes: @escaping @Sendable () -> [RegistryClient]
    ) {
        self.images = images
        self.repository = repository
        self.token = token
        self.nodes = nodes
    }

    /// The digests of all that is pulled.
    package var blobs: Set<String> { Set(images.flatMap { $0.blobs.map(\.digest) }) }

    package var tally: Tally { state.withLock { $0 } }

    /// Pulls with as many clients until the task is cancelled or it is over.
    package func run(_ count: Int, until isOver: @escaping @Sendable () -> Bool) async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                group.addTask {
                    var turn = number
                    while !Task.isCancelled, !isOver() {
                        await self.pull(turn)
                        turn += 1
                    }
                }
            }
        }
    }

    /// Pulls every image once from every node, so that each knows them.
    package func pullAllEverywhere() async throws {
        for node in nodes() {
            for (number, image) in images.enumerated() {
                for target in ["manifests/tag\(number)"] + image.blobs.map({ "blobs/\($0.digest)" }) {
                    let answer = try await node.send("GET", "/v2/\(repository)/\(target)", as: .verbatim(token))
                    guard answer.status == 200 else { throw ToolFailure(what: "GET of \(target): \(answer)") }
                }
            }
        }
    }

    private func pull(_ turn: Int) async {
        let (number, start) = (turn % images.count, ContinuousClock.now)
        let image = images[number]
        let contents = [("manifests/tag\(number)", image.manifest)] + image.blobs.map { ("blobs/\($0.digest)", $0) }
        var isDone = true
        for (place, content) in contents where isDone {
            isDone = await fetch(place, content, turn: turn)
        }
        if Task.isCancelled { return }
        let (time, isWhole) = (ContinuousClock.now - start, isDone)
        state.withLock { tally in
            tally.pulls += 1
            if !isWhole { tally.failedPulls += 1 }
            tally.longestPull = max(tally.longestPull, time)
        }
    }

    /// - Returns: Whether it came within five tries.
    private func fetch(_ place: String, _ content: TestBlob, turn: Int) async -> Bool {
        for attempt in 0..<Self.tries {
            let nodes = nodes()
            guard !nodes.isEmpty, !Task.isCancelled else { return false }
            let node = nodes[(turn + attempt) % nodes.count]
            do {
                let answer = try await node.send(
                    "GET", "/v2/\(repository)/\(place)", ["Accept": "*/*"], as: .verbatim(token))
                if take(answer, content, from: node, place) { return true }
            } catch {
                if Task.isCancelled { return false }
                state.withLock { $0.failedRequests += 1 }
            }
            // As clients do, before they come again.
            try? await Task.sleep(for: .milliseconds(100 << attempt))
        }
        return false
    }

    /// - Returns: Whether the answer is what the client wants; else it comes again.
    private func take(_ answer: Answer, _ content: TestBlob, from node: RegistryClient, _ place: String) -> Bool {
        switch answer.status {
        case 200 where answer.body == content.bytes:
            if answer["warning"] != nil { state.withLock { $0.staleAnswers += 1 } }
            return true
        case 502, 503, 504:
            state.withLock { $0.failedRequests += 1 }
            return false
        default:
            state.withLock { $0.violations.append("GET \(place) at \(node.url): \(answer)") }
            return false
        }
    }
}
