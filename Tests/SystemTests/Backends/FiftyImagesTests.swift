// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// Many real images at once, by a real client, through two nodes of which each connection meets another one.
@Suite("fifty real images", .serialized, .client("skopeo", "debootstrap"))
struct FiftyImagesTests {
    /// Each kind of storage with a kind of database, so that all databases are met.
    private static let databases: [TestStore: TestDatabase] = [
        .filesystem: .postgresql, .swift: .galera, .s3: .postgresql, .azure: .mariadb, .gcs: .postgresql,
        .oss: .galera,
    ]

    @Test("the images are fifty, distinct, and small")
    func images() async throws {
        let real = try await RealImages.shared.images
        #expect(real.count == RealImages.count)
        #expect(Set(real.map(\.tag)).count == RealImages.count)
        #expect(Set(real.map(\.image.manifest.digest)).count == RealImages.count)
        #expect(Set(real.map { $0.image.blobs.map(\.digest) }).count == RealImages.count)
        for (tag, image) in real {
            let size = image.blobs.reduce(0) { $0 + $1.size }
            #expect(size <= RealImages.largest, "\(tag): \(size)")
        }
    }

    @Test(
        "skopeo copies them all at once onto every kind of storage and back, and each comes out byte for byte",
        .timeLimit(.minutes(15)), arguments: TestStore.allCases)
    func copies(_ kind: TestStore) async throws {
        let real = try await RealImages.shared
        let database = try #require(Self.databases[kind])
        try await database.withServer { place in
            try await kind.with { store in
                var settings = SharedDatabaseTests.settings(database, place).merging(store) { $1 }
                // What a busy machine delays must not look forgotten, and stores of one thread have enough to do.
                settings.merge(["lease_life": "1h", "upload_life": "2h", "gc_interval": "1h"]) { $1 }
                try await withCluster(of: 2, on: settings) { cluster in
                    let front = try FaultProxy(alternatingBetween: cluster.nodes.map(\.httpPort))
                    defer { front.close() }
                    let way = ImageWay(
                        real.layout, host: "127.0.0.1:\(front.port)", password: cluster.nodes[0].adminPassword)
                    try await withThrowingTaskGroup { group in
                        for (tag, image) in real.images {
                            group.addTask { try await way.copyThereAndBack(image, tag) }
                        }
                        try await group.waitForAll()
                    }
                    for node in cluster.nodes {
                        // Each image takes at least one request to each of its blobs on its way there alone.
                        #expect(try await node.metric("haven_http_requests_total") > Double(2 * RealImages.count))
                    }
                    let verified = try await cluster.nodes[0].command("doctor", "--verify", "-o", "json")
                    #expect(verified.contains(#""clean":true"#), "\(verified)")
                }
            }
        }
    }
}
