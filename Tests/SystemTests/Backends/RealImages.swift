// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// Fifty distinct images of real files, cut from Debian and Alpine systems, as an OCI layout that skopeo reads.
///
/// Most are a distribution's base files with one of its packages on top, as a Dockerfile makes them, half of them
/// compressed; two are whole Alpine systems. Without the Alpine systems beside the package, all are Debian's.
struct RealImages: Sendable {
    static let count = 50
    /// The most bytes of one image, all layers together.
    static let largest = 5 << 20

    /// By tag.
    let images: [(tag: String, image: TestImage)]
    let layout: ImageLayout

    /// Made once, by the first who asks; the folder goes with the test process.
    static var shared: RealImages {
        get async throws { try await made.value }
    }

    private static let made = Task {
        let images = try await withTemporaryFolder { folder in try await cut(in: folder) }
        let layout = try ImageLayout(SharedFolder.make())
        for (tag, image) in images { try layout.add(image, tag: tag) }
        return RealImages(images: images, layout: layout)
    }

    private static func cut(in folder: String) async throws -> [(tag: String, image: TestImage)] {
        var images: [(tag: String, image: TestImage)] = []
        for release in AlpineRoot.releases {
            guard let archive = AlpineRoot.archive(of: release) else { continue }
            let system = try await RealSystem.alpine(release, archive, in: folder)
            images.append(("\(system.name)-root", try await system.whole(archive)))
            images += try await system.cut(system.largestPackages(10))
        }
        let debian = try await RealSystem.debian(in: folder)
        images += try await debian.cut(debian.largestPackages(count - images.count))
        return images
    }
}

/// The Alpine root file systems that may lie in a folder beside the package's.
enum AlpineRoot {
    static let releases = ["3.20.3", "3.10.3"]

    /// The compressed archive of a release; nil when the folder is not there.
    static func archive(of release: String) -> String? {
        let package = URL(fileURLWithPath: #filePath.components(separatedBy: "/Tests/SystemTests/")[0])
        let path =
            package.deletingLastPathComponent().path
            + "/shared/data/images/alpine-minirootfs-\(release)-x86_64.tar.gz"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}
