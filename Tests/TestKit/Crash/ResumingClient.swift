// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A client that pushes large blobs in chunks and, after the server died, goes on where the server says it stopped.
package final class ResumingClient: Sendable {
    private struct Upload {
        enum Next {
            case send
            /// An answer was lost: how far the server came must be asked.
            case ask
            /// All is there; the closing request may have been sent once already.
            case close
        }

        let repository: String
        let blob: TestBlob
        let digest: String
        var location: String
        var next = Next.send
        /// What the server said it has, in bytes.
        var acknowledged = 0
        /// Whether a chunk that was cut off may still be taken: what was asked may be out of date once.
        var mayGrow = false
    }

    private let nodes: [RegistryClient]
    private let token: String
    private let ledger: PushLedger
    private let upload = Mutex<Upload?>(nil)

    /// - Parameter nodes: The nodes of one registry; every chunk may go to any of them.
    package init(_ nodes: [RegistryClient], token: String, _ ledger: PushLedger) {
        self.nodes = nodes
        self.token = token
        self.ledger = ledger
    }

    /// Goes on until the task is cancelled; called again, with the upload it was at.
    package func run(_ random: SeededGenerator) async {
        var random = random
        while !Task.isCancelled, !ledger.isOver {
            let current = upload.withLock { $0 }
            do {
                let next = try await step(current, &random)
                upload.withLock { $0 = next }
            } catch {
                ledger.count("broken")
                upload.withLock { upload in
                    guard upload?.next == .send else { return }
                    upload?.next = .ask
                    upload?.mayGrow = true
                }
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    /// - Returns: The upload after one request, or nil when it is over.
    private func step(_ upload: Upload?, _ random: inout SeededGenerator) async throws -> Upload? {
        guard let upload else { return try await begin(&random) }
        switch upload.next {
        case .send: return try await append(upload, &random)
        case .ask: return try await ask(upload)
        case .close: return try await close(upload)
        }
    }

    private func begin(_ random: inout SeededGenerator) async throws -> Upload? {
        let repository = CrashLoad.repositories[Int.random(in: 0..<CrashLoad.repositories.count, using: &random)]
        let answer = try await send("POST", "/v2/\(repository)/blobs/uploads/")
        guard answer.status == 202, let location = answer["location"] else { return nil }
        let blob = TestBlob(random.bytes(Int.random(in: 1...900_000, using: &random)))
        return Upload(repository: repository, blob: blob, digest: blob.digest, location: location)
    }

    private func append(_ upload: Upload, _ random: inout SeededGenerator) async throws -> Upload? {
        var upload = upload
        let start = upload.acknowledged
        let end = min(upload.blob.size, start + Int.random(in: 1...150_000, using: &random))
        let answer = try await send(
            "PATCH", upload.location, ["Content-Range": "\(start)-\(end - 1)"],
            body: Array(upload.blob.bytes[start..<end]))
        if answer.status == 416, upload.mayGrow {
            upload.mayGrow = false
            upload.next = .ask
            return upload
        }
        guard answer.status == 202, answer["range"] == "0-\(end - 1)" else {
            ledger.violate("chunk \(start)-\(end - 1) of \(upload.location): \(answer)")
            return nil
        }
        ledger.count("chunk")
        upload.location = answer["location"] ?? upload.location
        upload.acknowledged = end
        upload.mayGrow = false
        upload.next = end == upload.blob.size ? .close : .send
        return upload
    }

    private func ask(_ upload: Upload) async throws -> Upload? {
        var upload = upload
        let answer = try await send("GET", upload.location)
        let end = answer["range"].flatMap { $0.split(separator: "-").last }.flatMap { Int($0) }
        guard answer.status == 204, let end else {
            ledger.violate("upload \(upload.location), of which \(upload.acknowledged) bytes were taken: \(answer)")
            return nil
        }
        // A range of one byte and an empty one look alike.
        let offset = end == 0 ? min(upload.acknowledged, 1) : end + 1
        guard offset >= upload.acknowledged, offset <= upload.blob.size else {
            ledger.violate("upload \(upload.location) is at \(offset), \(upload.acknowledged) bytes were taken")
            return nil
        }
        ledger.count("upload resumed")
        upload.acknowledged = offset
        upload.next = offset == upload.blob.size ? .close : .send
        return upload
    }

    private func close(_ upload: Upload) async throws -> Upload? {
        let answer = try await send("PUT", upload.location.adding("digest=\(upload.digest)"))
        let target = "/v2/\(upload.repository)/blobs/\(upload.digest)"
        guard answer.status == 201, try await send("HEAD", target).status == 200 else {
            ledger.violate("end of \(upload.location): \(answer)")
            return nil
        }
        ledger.count("blob pushed in chunks")
        return nil
    }

    private func send(
        _ method: String, _ target: String, _ headers: [String: String] = [:], body: [UInt8]? = nil
    ) async throws -> Answer {
        let node = nodes.randomElement() ?? nodes[0]
        let wasBroken = ledger.isBroken
        let answer = try await node.send(method, target, headers, body: body, as: .verbatim(token))
        // As when the answer was lost: whether it was done must be asked.
        if ledger.excuses(answer, wasBroken) { throw ToolFailure(what: "\(answer.status)") }
        return answer
    }
}
