// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// What the offline installer is made of.
@Suite("the installer's files")
struct InstallerFilesTests {
    private var package: String { #filePath.components(separatedBy: "/Tests/SystemTests/")[0] }
    private var script: String { "\(package)/Sources/Installer/Resources/install.sh" }

    /// Library and Debian package, line by line.
    private func libraries() throws -> [(name: String, package: String)] {
        try String(contentsOfFile: "\(package)/scripts/runtime-libraries.txt", encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.map { line in
                let words = line.split(separator: " ")
                return (String(words[0]), String(words[1]))
            }
    }

    @Test("every library that the program loads is listed with its Debian package")
    func listed() async throws {
        let loaded = try await Tool("readelf").check("-d", HavenProcess.executable)
            .matches(of: #/\(NEEDED\).*\[(.+)\]/#).map { String($0.1) }
        #expect(loaded.contains("libpq.so.5"))
        let own = loaded.filter {
            !$0.hasPrefix("ld-linux") && !$0.hasPrefix("libswift") && !$0.hasPrefix("lib_Foundation")
        }
        .filter {
            ![
                "libFoundation.so", "libFoundationEssentials.so", "libdispatch.so", "libBlocksRuntime.so",
                "libFoundationInternationalization.so",
            ].contains($0)
        }
        #expect(Set(own).subtracting(try libraries().map(\.name)) == [])
    }

    @Test("install.sh names the same package for each")
    func named() async throws {
        let text = try String(contentsOfFile: script, encoding: .utf8)
        let function = try #require(text.firstMatch(of: #/package_of\(\) \{[\s\S]*?\n\}/#)).0
        for (name, package) in try libraries() {
            let answer = try await Tool("sh").check("-c", "\(function)\npackage_of \(name)")
            #expect(answer == package + "\n", "\(name)")
        }
    }

    @Test("install.sh tells which packages are missing and installs nothing")
    func missing() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.copyItem(atPath: script, toPath: "\(folder)/install.sh")
            try "#!/bin/sh\n".write(toFile: "\(folder)/haven", atomically: true, encoding: .utf8)
            let tools = "\(folder)/tools"
            try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
            let ldd = "#!/bin/sh\necho 'libpq.so.5 => not found'\necho 'libexpat.so.1 => not found'\n"
            try ldd.write(toFile: "\(tools)/ldd", atomically: true, encoding: .utf8)
            try await Tool("chmod").check("755", "\(folder)/haven", "\(tools)/ldd")
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            let result = try await Tool("sh", environment: ["PATH": "\(tools):\(path)"])
                .run(["\(folder)/install.sh", "--dry-run"])
            #expect(result.status == 1, "\(result)")
            #expect(result.errors.contains("apt-get install --no-install-recommends libpq5 libexpat1"), "\(result)")
        }
    }

    @Test("the example settings are good, but for the name that must be changed")
    func example() async throws {
        let file = "\(package)/docs/examples/install.cfg"
        let line = Tool(HavenProcess.executable)
        let checked = try await line.run(["config", "check", "--config", file])
        #expect(checked.status == 0, "\(checked)")
        try await withTemporaryFolder { folder in
            let result = try await line.run(
                ["install", "--dry-run", "--from", folder, "--prefix", folder, "--config", file])
            #expect(
                result.status == 1 && result.output.contains("hostname: reg.mydomain.com is the example's"), "\(result)"
            )
        }
    }
}
