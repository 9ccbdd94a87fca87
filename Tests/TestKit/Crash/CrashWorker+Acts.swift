// SPDX-License-Identifier: Apache-2.0

extension CrashWorker {
    /// Moves a shared tag to an image that another client pushed.
    func retag(_ random: inout SeededGenerator) async throws {
        guard let kept = ledger.randomKept(&random), let image = ledger.image(kept.reference) else { return }
        let answer = try await send(
            "GET", "/v2/\(kept.repository)/manifests/\(kept.reference)", ["Accept": image.mediaType])
        try expectPresent(answer, kept)
        let shared = CrashLoad.sharedTags[Int.random(in: 0..<2, using: &random)]
        try await put(answer.body, image, in: kept.repository, tags: [shared], since: nil)
        ledger.count("retag")
    }

    /// Brings an image of one repository into another by mounting all its blobs.
    func mount(_ random: inout SeededGenerator) async throws {
        let target = repository(&random)
        guard let kept = ledger.randomKept(&random), kept.repository != target,
            let image = ledger.image(kept.reference)
        else { return }
        let manifest = try await send(
            "GET", "/v2/\(kept.repository)/manifests/\(kept.reference)", ["Accept": image.mediaType])
        try expectPresent(manifest, kept)
        let started = ContinuousClock.now
        for digest in image.blobs {
            // The source holds it for sure: an upload is offered only by a server that lost it.
            try await expect(
                201, "POST", "/v2/\(target)/blobs/uploads/?mount=\(digest)&from=\(kept.repository)")
        }
        let tag = "kept-\(image.manifest.suffix(12))"
        try await put(manifest.body, image, in: target, tags: [tag], since: started)
        ledger.keep(PushLedger.Name(target, image.manifest))
        ledger.count("mount")
    }

    func deleteTag(_ random: inout SeededGenerator) async throws {
        let name = PushLedger.Name(
            repository(&random), CrashLoad.sharedTags[Int.random(in: 0..<2, using: &random)])
        let write = ledger.begin(nil, at: [name])
        let answer = try await send("DELETE", "/v2/\(name.repository)/manifests/\(name.reference)")
        switch answer.status {
        case 202: ledger.acknowledge(write, at: [name])
        // Absent already, which another client may have done at the same time: nothing was written.
        default: ledger.refuse(write, at: [name])
        }
        ledger.count("tag deleted")
    }

    /// Deletes an image that was pushed for this and that nobody else knows.
    func deleteManifest(_ random: inout SeededGenerator) async throws {
        try await push(&random)
    }

    /// Pulls an image whole; every byte that comes must be right.
    func pull(_ random: inout SeededGenerator) async throws {
        guard let kept = ledger.randomKept(&random), let image = ledger.image(kept.reference) else { return }
        let manifest = try await send(
            "GET", "/v2/\(kept.repository)/manifests/\(kept.reference)", ["Accept": image.mediaType])
        try expectPresent(manifest, kept)
        for digest in image.blobs {
            let answer = try await expect(200, "GET", "/v2/\(kept.repository)/blobs/\(digest)")
            if TestBlob(answer.body).digest != digest { ledger.violate("wrong bytes of \(digest)") }
        }
        ledger.count("pull")
    }

    /// Begins an upload, sends some of it, and cancels it or just leaves.
    func abandon(_ random: inout SeededGenerator) async throws {
        let repository = repository(&random)
        let begun = try await expect(202, "POST", "/v2/\(repository)/blobs/uploads/")
        let bytes = random.bytes(Int.random(in: 1...50_000, using: &random))
        let appended = try await expect(202, "PATCH", location(begun), body: bytes)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: try await expect(204, "DELETE", location(appended))
        case 1:
            let wrong = TestBlob("other bytes").digest
            try await expect(400, "PUT", location(appended).adding("digest=\(wrong)"))
        default: break
        }
        ledger.count("upload abandoned")
    }

    private func expectPresent(_ answer: Answer, _ name: PushLedger.Name) throws {
        guard answer.status == 200 else {
            ledger.violate("GET of \(name), which was acknowledged: \(answer)")
            throw Refused()
        }
        if TestBlob(answer.body).digest != name.reference { ledger.violate("wrong bytes of \(name)") }
    }
}
