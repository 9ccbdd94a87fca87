// SPDX-License-Identifier: Apache-2.0

import OCI

/// A resumable session: one object on its way to the store, chunk by chunk. It belongs to one writer.
///
/// After a chunk whose fate is unknown the store is asked how far it is, and the next chunk begins there.
/// Specified by "Resumable uploads" of the reference of Google Cloud Storage.
struct GCSSession: Sendable, KeepsSecrets {
    /// The address that is the session, and the right to use it.
    let address: String
    let transport: CloudTransport
    let chunkBytes: Int64

    /// Chunks in a row of which the store kept nothing.
    private static let vainChunks = 4

    /// Sends all bytes.
    ///
    /// - Returns: What the store says of the finished object.
    func run(_ bytes: SpooledBytes) async throws(CloudFailure) -> JSONValue {
        let total = bytes.count
        let question = status(total)
        var offset: Int64 = 0
        var vain = 0
        while true {
            var isRepeated = false
            let answer = try await transport.collect("gcs chunk", wanted: [200, 201, 308]) { () throws(CloudFailure) in
                if isRepeated {
                    let status = try await transport.send("gcs status", wanted: [200, 201, 308]) { question }
                    await status.discard()
                    // Finished after all: asking once more brings the object.
                    if status.status != 308 { return question }
                    offset = kept(status)
                }
                isRepeated = true
                return chunk(bytes, from: offset)
            }
            guard answer.head.status == 308 else { return try object(in: answer.body) }
            let end = kept(answer.head)
            vain = end > offset ? 0 : vain + 1
            guard vain < Self.vainChunks, end <= total else {
                throw .unanswered("the store keeps nothing of the chunks")
            }
            offset = end
        }
    }

    private func object(in body: [UInt8]) throws(CloudFailure) -> JSONValue {
        do { return try JSONValue(parsing: body) } catch { throw .unanswered("the answer is no JSON: \(error)") }
    }

    /// Tells the store to forget the session; should this fail, the store forgets it after a week.
    func cancel() async {
        let request = CloudRequest("DELETE", address, headers: [("Content-Length", "0")])
        // 499 is the answer of success.
        let answer = try? await transport.send("gcs cancel", wanted: [200, 204, 404, 410, 499]) { request }
        await answer?.discard()
    }

    private func chunk(_ bytes: SpooledBytes, from offset: Int64) -> CloudRequest {
        let total = bytes.count
        let end = min(offset + chunkBytes, total)
        // An offset at the end means that only the last answer is missing.
        guard offset < end else { return status(total) }
        return CloudRequest(
            "PUT", address, headers: [("Content-Range", "bytes \(offset)-\(end - 1)/\(total)")],
            body: .spooled(SpooledBody(bytes, offset..<end)))
    }

    private func status(_ total: Int64) -> CloudRequest {
        CloudRequest("PUT", address, headers: [("Content-Range", "bytes */\(total)")], body: .bytes([]))
    }

    /// How many bytes the store has: `Range: bytes=0-N`, or none at all without the field.
    private func kept(_ answer: CloudAnswer) -> Int64 {
        guard let last = answer.header("range")?.split(separator: "-").last.flatMap({ Int64($0) }) else { return 0 }
        return last + 1
    }
}
