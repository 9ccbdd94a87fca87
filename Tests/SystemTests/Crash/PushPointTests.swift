// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

/// A step of a push at which the server dies, and what a client must find there afterwards.
struct DeathPoint: Sendable, CustomTestStringConvertible {
    enum Found: Equatable, Sendable {
        /// The client was told of no upload yet.
        case nothing
        /// The upload is open, and so many chunks of it are kept.
        case chunks(Int)
        /// The upload is over and the blob is there.
        case blob
    }

    let name: String
    /// The how-manieth time of passing kills.
    var turn = 1
    /// Whether another process took the first chunk, so that this one takes the upload over.
    var takesOver = false
    let found: Found

    var testDescription: String { "\(name)@\(turn)\(takesOver ? " after another process" : "")" }

    /// Every step between a client's first request and the last answer, in their order.
    static let all = [
        DeathPoint(name: "upload.afterReserve", found: .nothing),
        DeathPoint(name: "upload.beforeReply", found: .nothing),
        DeathPoint(name: "upload.afterPart", found: .chunks(0)),
        DeathPoint(name: "upload.afterPublish", found: .chunks(1)),
        DeathPoint(name: "upload.beforeReply", turn: 2, found: .chunks(1)),
        DeathPoint(name: "upload.afterPart", turn: 2, found: .chunks(1)),
        DeathPoint(name: "upload.afterPublish", turn: 2, found: .chunks(2)),
        DeathPoint(name: "upload.afterReserve", takesOver: true, found: .chunks(1)),
        DeathPoint(name: "upload.afterPart", takesOver: true, found: .chunks(1)),
        DeathPoint(name: "upload.afterPublish", takesOver: true, found: .chunks(2)),
        DeathPoint(name: "commit.afterC1", takesOver: true, found: .chunks(2)),
        DeathPoint(name: "commit.afterAssemble", takesOver: true, found: .chunks(2)),
        DeathPoint(name: "commit.afterFsync", takesOver: true, found: .chunks(2)),
        DeathPoint(name: "commit.beforeC3", found: .chunks(2)),
        DeathPoint(name: "commit.beforeC3", takesOver: true, found: .chunks(2)),
        DeathPoint(name: "commit.insideC3", found: .chunks(2)),
        DeathPoint(name: "commit.insideC3", takesOver: true, found: .chunks(2)),
        DeathPoint(name: "commit.afterC3", found: .blob),
        DeathPoint(name: "commit.afterC3", takesOver: true, found: .blob),
        DeathPoint(name: "upload.beforeReply", turn: 4, found: .blob),
    ]
}

/// Lets a real server die at each step of a push in chunks, and goes on as a client does.
@Suite struct PushPointTests {
    @Test("a push goes on where the server died, the blob is whole, and nothing of the attempts is left behind")
    func deaths() async throws {
        let settings = [
            "gc_interval": "1s", "upload_life": "30s", "read_grace": "1s", "disk_reserve": "0",
        ]
        try await withHaven(settings: settings) { haven in
            for point in DeathPoint.all { try await die(at: point, haven) }
            let isTidy = try await eventually(within: .seconds(120), every: .milliseconds(200)) {
                haven.storedObjects.count == DeathPoint.all.count
            }
            #expect(isTidy, "\(haven.storedObjects.count) objects for \(DeathPoint.all.count) blobs")
            try await haven.command("doctor", "--verify", "--rehash", "--strict")
        }
    }

    private func die(at point: DeathPoint, _ haven: HavenProcess) async throws {
        let fault = ["HAVEN_FAULT": "\(point.name):crash@\(point.turn)"]
        var push = ChunkedPush(haven.client)
        if point.takesOver { while push.sent == 0 { _ = try await push.step() } }
        try await haven.kill()
        try await haven.start(environment: fault)
        await #expect(throws: (any Error).self, "\(point.testDescription) was not reached") {
            while try await !push.step() {}
        }
        #expect(try await eventually { !haven.isRunning })
        try await haven.start()
        let found = try await push.recover()
        #expect(found == point.found, "\(point.testDescription)")
        try await haven.command("doctor", "--verify")
        while try await !push.step() {}
        let pulled = try await haven.client.send("GET", "/v2/library/app/blobs/\(push.blob.digest)")
        #expect(pulled.body == push.blob.bytes, "\(point.testDescription)")
        try await haven.command("doctor", "--verify")
    }

    @Test("a commit under way is brought to its end when its client leaves")
    func departure() async throws {
        try await withHaven(environment: ["HAVEN_FAULT": "commit.beforeC3:pause@1"]) { haven in
            let blob = TestBlob.random(100_000)
            let location = try await haven.client.beginUpload(to: "library/app")
            let head = [
                "PUT \(location.adding("digest=\(blob.digest)")) HTTP/1.1", "Host: \(haven.host)",
                "Authorization: \(haven.client.basic ?? "")", "Content-Length: \(blob.size)",
            ]
            let request = Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + blob.bytes
            await #expect(throws: ToolFailure.self, "the commit did not wait") {
                _ = try await RawConnection.exchange(
                    port: haven.httpPort, request, limit: .milliseconds(1_500))
            }
            let path = "/v2/library/app/blobs/\(blob.digest)"
            let isThere = try await eventually(within: .seconds(20)) {
                try await haven.client.send("HEAD", path).status == 200
            }
            #expect(isThere)
            #expect(try await haven.client.send("GET", path).body == blob.bytes)
        }
    }
}

/// A client that pushes a blob in two chunks and a closing PUT, one request a step.
private struct ChunkedPush {
    let blob = TestBlob.random(200_000)
    private let client: RegistryClient
    private var location: String?
    /// How many bytes the server is known to have.
    private(set) var sent = 0

    init(_ client: RegistryClient) { self.client = client }

    private static let chunk = 100_000

    /// Sends the next request.
    ///
    /// - Returns: Whether the push is over.
    mutating func step() async throws -> Bool {
        guard let location else {
            location = try await client.beginUpload(to: "library/app")
            return false
        }
        guard sent < blob.size else {
            let answer = try await client.send("PUT", location.adding("digest=\(blob.digest)"))
            guard answer.status == 201 else { throw ToolFailure(what: "PUT: \(answer)") }
            return true
        }
        let end = min(sent + Self.chunk, blob.size)
        let answer = try await client.send(
            "PATCH", location, ["Content-Range": "\(sent)-\(end - 1)"], body: Array(blob.bytes[sent..<end]))
        guard answer.status == 202 else { throw ToolFailure(what: "PATCH: \(answer)") }
        self.location = answer["location"] ?? location
        sent = end
        return false
    }

    /// Asks the server how far it came, as a client does that lost its connection.
    mutating func recover() async throws -> DeathPoint.Found {
        guard let location else { return .nothing }
        let answer = try await client.send("GET", location)
        if answer.status == 404 {
            let held = try await client.send("HEAD", "/v2/library/app/blobs/\(blob.digest)")
            return held.status == 200 ? .blob : .nothing
        }
        let last = answer["range"].flatMap { $0.split(separator: "-").last }.flatMap { Int($0) } ?? 0
        sent = last == 0 ? 0 : last + 1
        return .chunks(sent / Self.chunk)
    }
}
