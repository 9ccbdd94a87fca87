// SPDX-License-Identifier: Apache-2.0
package import Foundation
import NIOCore
import Synchronization

/// A double of Azure Blob Storage: one account with one container, in memory, behind the real protocol.
///
/// Written from Microsoft's public REST reference ("Blob service REST API", "Authorize with Shared Key", "Create a
/// service SAS"); `VendorSDKTests` prove it with the vendor's own Python library. Every request must carry a correct
/// SharedKey signature or a valid service SAS.
package final class AzureDouble: Sendable {
    struct Blob {
        var content: ByteBuffer
        var etag: String
        var modified: Date
        var md5 = ""
    }

    struct State {
        var blobs: [String: Blob] = [:]
        /// Blocks that no block list committed, by blob and id, in the order they came.
        var blocks: [String: [(id: String, content: ByteBuffer)]] = [:]
        /// The ids of the committed list.
        var lists: [String: [(id: String, size: Int)]] = [:]
        var changes = 0
        var skew: TimeInterval = 0
    }

    private static let codes = [403: "AuthenticationFailed", 503: "ServerBusy"]

    /// The most bytes that all blobs and blocks may have together.
    static let capacity = 1 << 30

    package let account = "havendouble"
    /// The account's key, in base64 as the portal shows it.
    package let key: String
    package let container: String
    let state = Mutex(State())
    private let running = Mutex<DoubleServer?>(nil)

    private init(container: String) {
        self.container = container
        key = Data((0..<64).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
    }

    package static func start(container: String = "registry") async throws -> AzureDouble {
        let double = AzureDouble(container: container)
        let server = try await DoubleServer.start(
            refusal: { double.failure($0, Self.codes[$0] ?? "InternalError") }, { double.answer($0) })
        double.running.withLock { $0 = server }
        return double
    }

    package func stop() async { await running.withLock { $0 }?.stop() }

    /// The server, for injecting faults and for reading what was requested.
    package var server: DoubleServer {
        guard let server = running.withLock({ $0 }) else { preconditionFailure("start() sets it before it returns") }
        return server
    }

    /// The address of the account, path style.
    package var endpoint: String { "http://127.0.0.1:\(server.port)/\(account)" }

    /// What the service does to blocks that nobody committed within a week.
    package func dropUncommittedBlocks() { state.withLock { $0.blocks = [:] } }

    /// The blobs that hold uncommitted blocks.
    package var uncommitted: Set<String> { state.withLock { Set($0.blocks.keys) } }

    /// Lets the service's clock differ from this machine's by so many seconds.
    package func setSkew(_ seconds: TimeInterval) { state.withLock { $0.skew = seconds } }

    /// The service's clock.
    var now: Date { Date(timeIntervalSinceNow: state.withLock { $0.skew }) }
}

extension AzureDouble {
    func answer(_ request: DoubleRequest) -> DoubleAnswer {
        var answer = refusal(of: request) ?? route(request)
        answer.headers += [
            ("Server", "Windows-Azure-Blob/1.0 Haven-Double"), ("x-ms-version", request.header("x-ms-version")),
            ("x-ms-request-id", UUID().uuidString), ("Date", DoubleDate.http(now)),
        ]
        return answer
    }

    private func route(_ request: DoubleRequest) -> DoubleAnswer {
        let names = request.path.split(separator: "/", maxSplits: 2)
        guard names.first == Substring(account) else { return failure(400, "InvalidUri") }
        guard names.count > 1, names[1] == Substring(container) else { return failure(404, "ContainerNotFound") }
        guard names.count == 3 else { return containerOperation(request) }
        let blob = String(names[2])
        switch (request.method, request.item("comp")) {
        case ("PUT", "block"): return putBlock(blob, request)
        case ("PUT", "blocklist"): return putBlockList(blob, request)
        case ("PUT", nil): return putBlob(blob, request)
        case ("GET", "blocklist"): return blockList(blob, request)
        case ("GET", nil), ("HEAD", nil): return getBlob(blob, request)
        case ("DELETE", nil): return deleteBlob(blob)
        default: return failure(400, "InvalidQueryParameterValue")
        }
    }

    private func containerOperation(_ request: DoubleRequest) -> DoubleAnswer {
        guard request.item("restype") == "container" else { return failure(400, "InvalidUri") }
        switch (request.method, request.item("comp")) {
        case ("GET", "list"): return list(request)
        case ("GET", nil), ("HEAD", nil): return DoubleAnswer(200, [("ETag", "\"0x1\"")])
        case ("PUT", nil): return failure(409, "ContainerAlreadyExists")
        default: return failure(405, "UnsupportedHttpVerb")
        }
    }

    /// An error as the service writes it.
    func failure(_ status: Int, _ code: String) -> DoubleAnswer {
        let text =
            "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error>"
            + DoubleXML.element("Code", code) + DoubleXML.element("Message", "\(code) by the double") + "</Error>"
        return DoubleAnswer(
            status, [("x-ms-error-code", code), ("Content-Type", "application/xml")], body: ByteBuffer(string: text))
    }
}
