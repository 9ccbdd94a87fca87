// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import TestKit
import Testing

extension Clients {
    @Suite("large layer", .serialized, .client("skopeo"), .haven()) struct LargeLayerTests {
        @Test("a layer of 3 GiB goes in and out by skopeo while the server stays below 150 MiB")
        func threeGibibytes() async throws {
            let haven = try HavenProcess.current
            try await withTemporaryFolder { folder in
                let layout = try await layout(in: "\(folder)/layout", layerBytes: 3 << 30)
                let memory = Mutex(0)
                let watch = Task {  // cancelled below
                    while !Task.isCancelled {
                        memory.withLock { $0 = max($0, haven.residentBytes) }
                        try? await Task.sleep(for: .milliseconds(100))
                    }
                }
                defer { watch.cancel() }
                let target = "docker://\(haven.host)/library/large:v1"
                let access = ["tls-verify=false", "creds=admin:\(haven.adminPassword)"]
                let skopeo = Tool("skopeo", environment: ["TMPDIR": folder])
                try await skopeo.check(
                    ["copy", "--preserve-digests"] + access.map { "--dest-\($0)" } + ["oci:\(layout):v1", target],
                    deadline: .seconds(300))
                try FileManager.default.removeItem(atPath: layout)
                try await skopeo.check(
                    ["copy", "--preserve-digests"] + access.map { "--src-\($0)" } + [target, "dir:\(folder)/out"],
                    deadline: .seconds(300))
                let most = max(memory.withLock { $0 }, haven.peakResidentBytes)
                #expect(most < 150 << 20, "the server held \(most >> 20) MiB")
                #expect(most > 0)
            }
        }

        /// A layout with one image whose only layer is a mostly empty, uncompressed file of that size.
        ///
        /// The file is sparse, so that it takes no time to make; each 64 MiB of it start with other bytes.
        private func layout(in folder: String, layerBytes: Int) async throws -> String {
            let layout = try ImageLayout(folder)
            let file = "\(folder)/layer"
            try Data().write(to: URL(fileURLWithPath: file))
            let handle = try #require(FileHandle(forWritingAtPath: file))
            for offset in stride(from: 0, to: layerBytes, by: 64 << 20) {
                try handle.seek(toOffset: UInt64(offset))
                try handle.write(contentsOf: Data(TestBlob.random(4_096).bytes))
            }
            try handle.truncate(atOffset: UInt64(layerBytes))
            try handle.close()
            let printed = try await Tool("openssl").check(["dgst", "-sha256", "-r", file], deadline: .seconds(120))
            let digest = "sha256:" + (printed.split(separator: " ").first ?? "")
            try FileManager.default.moveItem(atPath: file, toPath: layout.path(of: digest))
            let config = TestBlob(
                #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["\#(digest)"]}}"#)
            let layer = #"{"mediaType":"\#(TestMediaType.layer)","digest":"\#(digest)","size":\#(layerBytes)}"#
            let manifest = TestBlob(
                #"{"schemaVersion":2,"mediaType":"\#(TestMediaType.manifest)","config":"#
                    + #"\#(config.descriptor(TestMediaType.config)),"layers":[\#(layer)]}"#)
            try layout.add(config)
            try layout.add(manifest)
            try layout.name(manifest, TestMediaType.manifest, "v1")
            return folder
        }
    }
}
