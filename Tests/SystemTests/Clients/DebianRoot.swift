// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// A Debian root file system made by debootstrap, from the mirror that this machine's apt uses.
///
/// It is made once and kept as an archive beside the build, so that only a machine's first run takes the minute it costs.
enum DebianRoot {
    /// The archive with the minimal system of this machine's own release.
    static func archive() async throws -> String {
        let package = #filePath.components(separatedBy: "/Tests/SystemTests/")[0]
        let release = try await release()
        let path = "\(package)/.build-tools/debian-\(release).tar"
        if FileManager.default.fileExists(atPath: path) { return path }
        try FileManager.default.createDirectory(
            atPath: "\(package)/.build-tools", withIntermediateDirectories: true)
        let draft = "\(path).\(UInt32.random(in: .min ... .max))"
        try await withTemporaryFolder { folder in
            try await Tool("debootstrap").check(
                ["--variant=minbase", release, "\(folder)/root", try await mirror(of: release)],
                deadline: .seconds(900))
            // What apt downloaded is not part of the system, and translations tell a registry nothing.
            try await Tool("tar").check([
                "--create", "--file", draft, "--directory", "\(folder)/root", "--one-file-system",
                "--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*", "--exclude=./usr/share/locale/*",
                "--exclude=./proc/*", "--exclude=./sys/*", "--exclude=./dev/*", ".",
            ])
        }
        try await Tool("mv").check([draft, path])
        return path
    }

    /// The code name of the release that this machine runs.
    private static func release() async throws -> String {
        try await Tool("sh").check(["-c", #". /etc/os-release && printf %s "$VERSION_CODENAME""#])
    }

    private static func mirror(of release: String) async throws -> String {
        let targets = try await Tool("apt-get").check(["indextargets", "--format", "$(RELEASE) $(SITE)"])
        let sites = targets.split(separator: "\n").map { $0.split(separator: " ") }
        guard let site = sites.first(where: { $0.count == 2 && $0[0] == release })?.last else {
            throw ToolFailure(what: "apt has no source for \(release)")
        }
        return String(site)
    }
}
