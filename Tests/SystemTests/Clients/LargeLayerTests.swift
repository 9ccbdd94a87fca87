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
                let layout = "\(folder)/layout"
                try await ImageLayout(layout).addLargeImage(layerBytes: 3 << 30, tag: "v1")
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
    }
}
