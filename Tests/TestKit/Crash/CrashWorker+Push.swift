// SPDX-License-Identifier: Apache-2.0

/// An image made for one push.
struct CrashImage: Sendable {
    let manifest: TestBlob
    let blobs: [TestBlob]
    let digest: String

    init(_ blobs: [TestBlob]) {
        self.blobs = blobs
        let layers = blobs.dropFirst().map { $0.descriptor(TestMediaType.layer) }.joined(separator: ",")
        let fields = [
            #""schemaVersion":2"#, #""mediaType":"\#(TestMediaType.manifest)""#,
            #""config":\#(blobs[0].descriptor(TestMediaType.config))"#, #""layers":[\#(layers)]"#,
        ]
        manifest = TestBlob("{\(fields.joined(separator: ","))}")
        digest = manifest.digest
    }

    func record(isKept: Bool) -> PushLedger.Image {
        PushLedger.Image(
            manifest: digest, mediaType: TestMediaType.manifest, blobs: blobs.map(\.digest), isKept: isKept)
    }
}

extension CrashWorker {
    /// Pushes a new image as clients do: looks for each blob, uploads what is missing, puts the manifest.
    func push(_ random: inout SeededGenerator) async throws {
        let repository = repository(&random)
        let own = TestBlob(random.bytes(Int.random(in: 1...120_000, using: &random)))
        let config = TestBlob(random.bytes(200))
        let image = CrashImage(
            [config, own] + (Bool.random(using: &random) ? [load.popular.randomElement(using: &random) ?? own] : []))
        let isKept = Int.random(in: 0..<4, using: &random) > 0
        let started = ContinuousClock.now
        for blob in image.blobs { try await ensure(blob, in: repository, &random) }
        let tag = isKept ? "kept-\(image.digest.suffix(12))" : "short-\(image.digest.suffix(12))"
        try await put(image, in: repository, tags: [tag], isKept: isKept, since: started)
        guard isKept else { return try await removeAgain(image, in: repository, tag, &random) }
        ledger.keep(PushLedger.Name(repository, image.digest))
        if Bool.random(using: &random) {
            let shared = CrashLoad.sharedTags[Int.random(in: 0..<2, using: &random)]
            try await put(image, in: repository, tags: [shared], isKept: true, since: nil)
        }
    }

    /// Puts a manifest at its digest and at tags, and writes down what the server said.
    ///
    /// - Parameter since: When the server first showed or took a blob of the image; nil when all is there for sure.
    func put(
        _ image: CrashImage, in repository: String, tags: [String], isKept: Bool, since: ContinuousClock.Instant?
    ) async throws {
        try await put(
            image.manifest.bytes, image.record(isKept: isKept), in: repository, tags: tags, since: since)
    }

    func put(
        _ bytes: [UInt8], _ image: PushLedger.Image, in repository: String, tags: [String],
        since: ContinuousClock.Instant?
    ) async throws {
        let names = (tags + [image.manifest]).map { PushLedger.Name(repository, $0) }
        ledger.add(image)
        let write = ledger.begin(image.manifest, at: names)
        let answer = try await send(
            "PUT", "/v2/\(repository)/manifests/\(tags[0])", ["Content-Type": image.mediaType], body: bytes)
        guard answer.status == 201 else {
            if answer.status < 500 { ledger.refuse(write, at: names) }
            let elapsed = since.map { ContinuousClock.now - $0 } ?? .zero
            if answer.status < 500, elapsed < load.safeTime {
                ledger.violate("PUT of \(names[0]) \(elapsed) after its blobs: \(answer)")
            }
            ledger.count("manifest refused")
            throw Refused()
        }
        ledger.acknowledge(write, at: names)
        ledger.count("manifest put")
    }

    /// Makes sure that a repository has a blob.
    func ensure(_ blob: TestBlob, in repository: String, _ random: inout SeededGenerator) async throws {
        let digest = blob.digest
        if try await send("HEAD", "/v2/\(repository)/blobs/\(digest)").status == 200 { return }
        let uploads = "/v2/\(repository)/blobs/uploads/"
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            try await expect(201, "POST", "\(uploads)?digest=\(digest)", body: blob.bytes)
        case 1:
            let begun = try await expect(202, "POST", uploads)
            let appended = try await expect(202, "PATCH", location(begun), body: blob.bytes, streamed: true)
            try await expect(201, "PUT", location(appended).adding("digest=\(digest)"))
        case 2:
            let cut = blob.size / 2
            let begun = try await expect(202, "POST", uploads)
            var target = location(begun)
            if cut > 0 {
                let range = ["Content-Range": "0-\(cut - 1)"]
                target = location(
                    try await expect(202, "PATCH", target, range, body: Array(blob.bytes[..<cut])))
            }
            try await expect(201, "PUT", target.adding("digest=\(digest)"), body: Array(blob.bytes[cut...]))
        default:
            let begun = try await expect(202, "POST", uploads)
            try await expect(201, "PUT", location(begun).adding("digest=\(digest)"), body: blob.bytes)
        }
        ledger.count("blob pushed")
    }

    func location(_ answer: Answer) -> String { answer["location"] ?? "" }

    /// Sends a request whose answer can only be `status` while the server lives.
    @discardableResult
    func expect(
        _ status: Int, _ method: String, _ target: String, _ headers: [String: String] = [:], body: [UInt8]? = nil,
        streamed: Bool = false
    ) async throws -> Answer {
        let answer = try await send(method, target, headers, body: body, streamed: streamed)
        guard answer.status != status else { return answer }
        ledger.violate("\(method) \(target), expected \(status): \(answer)")
        throw Refused()
    }

    /// Ends the short life of an image that nobody else knows, in one of the two ways.
    private func removeAgain(
        _ image: CrashImage, in repository: String, _ tag: String, _ random: inout SeededGenerator
    ) async throws {
        let names = [PushLedger.Name(repository, tag), PushLedger.Name(repository, image.digest)]
        let write = ledger.begin(nil, at: names)
        let answer = try await send("DELETE", "/v2/\(repository)/manifests/\(image.digest)")
        guard answer.status == 202 else {
            ledger.violate("DELETE of \(names[1]): \(answer)")
            throw Refused()
        }
        ledger.acknowledge(write, at: names)
        ledger.count("manifest deleted")
    }
}
