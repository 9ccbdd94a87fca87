// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension Conformance {
    /// distribution-spec, "Listing Referrers".
    @Suite("referrers") struct ReferrersTests {
        let bench: Bench
        init() throws { bench = try Bench() }

        @Test("referrers of an unknown digest are an empty index")
        func unknownDigest() async throws {
            try await bench.push(.random(10))
            expectIndex(try await bench.get("referrers/\(TestBlob.random(10).digest)"), count: 0)
            expectIndex(try await bench.get("referrers/\(TestBlob.random(10).sha512)"), count: 0)
        }

        @Test("referrers in a repository that does not exist yet are an empty index")
        func unknownRepository() async throws {
            expectIndex(try await bench.get("referrers/\(TestBlob.random(10).digest)"), count: 0)
        }

        @Test("referrers carry media type, digest, size, artifact type and annotations")
        func descriptors() async throws {
            let subject = try await pushedSubject()
            let artifact = TestImage.artifact(
                type: "application/vnd.example.sbom", subject: subject, annotations: ["org.example.note": "hello"])
            try await bench.push(artifact)
            let answer = try await bench.get("referrers/\(try digest(subject))")
            expectIndex(answer, count: 1)
            let entry = try #require(manifests(answer).first)
            #expect(entry["mediaType"] as? String == TestMediaType.manifest)
            #expect(entry["digest"] as? String == artifact.manifest.digest)
            #expect(entry["size"] as? Int == artifact.manifest.size)
            #expect(entry["artifactType"] as? String == "application/vnd.example.sbom")
            #expect(entry["annotations"] as? [String: String] == ["org.example.note": "hello"])
        }

        @Test("the artifact type of an image without one is its config's media type")
        func configType() async throws {
            let subject = try await pushedSubject()
            let image = TestImage.make()
            let manifest = TestBlob(image.manifest.text.dropLast() + #","subject":\#(subject)}"#)
            for blob in image.blobs { try await bench.push(blob) }
            #expect(try await bench.put(manifest, at: manifest.digest).status == 201)
            let answer = try await bench.get("referrers/\(try digest(subject))")
            #expect(manifests(answer).first?["artifactType"] as? String == TestMediaType.config)
        }

        @Test("an index with a subject is a referrer with its own artifact type")
        func index() async throws {
            let subject = try await pushedSubject()
            let index = TestBlob(
                #"{"schemaVersion":2,"mediaType":"\#(TestMediaType.index)","artifactType":"application/x","manifests":[],"#
                    + #""subject":\#(subject),"annotations":{"a":"b"}}"#)
            #expect(try await bench.put(index, TestMediaType.index, at: index.digest).status == 201)
            let entry = try #require(manifests(try await bench.get("referrers/\(try digest(subject))")).first)
            #expect(entry["mediaType"] as? String == TestMediaType.index)
            #expect(entry["artifactType"] as? String == "application/x")
            #expect(entry["annotations"] as? [String: String] == ["a": "b"])
        }

        @Test("referrers are filtered by artifact type and the answer says so")
        func filter() async throws {
            let subject = try await pushedSubject()
            for type in ["application/one", "application/two", "application/two"] {
                try await bench.push(.artifact(type: type, subject: subject))
            }
            let all = try await bench.get("referrers/\(try digest(subject))")
            expectIndex(all, count: 3)
            #expect(all["oci-filters-applied"] == nil)
            let two = try await bench.get("referrers/\(try digest(subject))?artifactType=application/two")
            expectIndex(two, count: 2)
            #expect(two["oci-filters-applied"] == "artifactType")
            expectIndex(try await bench.get("referrers/\(try digest(subject))?artifactType=none"), count: 0)
        }

        @Test("referrers of a subject that is pushed later or never are listed")
        func missingSubject() async throws {
            let subject = TestBlob.random(99)
            let artifact = TestImage.artifact(
                type: "application/x", subject: subject.descriptor(TestMediaType.manifest))
            try await bench.push(artifact)
            expectIndex(try await bench.get("referrers/\(subject.digest)"), count: 1)
        }

        @Test("a deleted referrer is listed no more")
        func deleted() async throws {
            let subject = try await pushedSubject()
            let artifact = TestImage.artifact(type: "application/x", subject: subject)
            try await bench.push(artifact)
            #expect(try await bench.delete("manifests/\(artifact.manifest.digest)").status == 202)
            expectIndex(try await bench.get("referrers/\(try digest(subject))"), count: 0)
        }

        @Test("a malformed digest is refused with 400")
        func malformed() async throws {
            try await bench.push(.random(10))
            #expect([400, 404].contains(try await bench.get("referrers/sha256:nothex").status))
        }

        /// Pushes an image and returns its descriptor.
        private func pushedSubject() async throws -> String {
            let image = TestImage.make()
            try await bench.push(image, at: "subject")
            return image.manifest.descriptor(image.mediaType)
        }

        private func digest(_ descriptor: String) throws -> String {
            String(try #require(descriptor.firstMatch(of: #/"digest":"([^"]+)"/#)).1)
        }

        private func manifests(_ answer: Answer) -> [[String: Any]] {
            answer.json?["manifests"] as? [[String: Any]] ?? []
        }

        private func expectIndex(_ answer: Answer, count: Int) {
            #expect(answer.status == 200)
            #expect(answer["content-type"] == TestMediaType.index)
            #expect(answer.json?["schemaVersion"] as? Int == 2)
            #expect(answer.json?["mediaType"] as? String == TestMediaType.index)
            #expect((answer.json?["manifests"] as? [[String: Any]])?.count == count)
        }
    }
}
