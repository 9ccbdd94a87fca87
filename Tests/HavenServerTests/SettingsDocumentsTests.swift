// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HavenServer
import Testing

/// The folder of the package, from the place of this file.
let packageFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

@Suite("documents about settings")
struct SettingsDocumentsTests {
    @Test("the reference page is what the declarations say; `haven config reference` writes it")
    func reference() throws {
        let page = try String(contentsOf: packageFolder.appending(path: "docs/reference/settings.md"), encoding: .utf8)
        #expect(page == SettingsReference.markdown)
    }

    @Test("the example file loads")
    func example() throws {
        let path = packageFolder.appending(path: "docs/examples/haven.cfg").path
        let settings = try Settings.load(file: path, flags: [:], environment: [:])
        #expect(settings.listener.httpsPort == 443)
        #expect(settings.listener.trustedProxies == ["192.0.2.10", "192.0.2.11"])
        #expect(settings.warnings.isEmpty)
        #expect(settings.filePath == path)
    }

    @Test("a named file that is absent is a fault that names it")
    func absent() {
        #expect {
            _ = try Settings.load(file: "/nonexistent/haven.cfg", flags: [:], environment: [:])
        } throws: { "\($0)".contains("/nonexistent/haven.cfg: there is no such file") }
    }

    @Test("HAVEN_CONFIG names the file; --config wins over it")
    func discovery() throws {
        try withTemporaryFile("http_port = 1234") { path in
            let found = try Settings.load(file: nil, flags: [:], environment: ["HAVEN_CONFIG": path])
            #expect(found.listener.httpPort == 1_234)
            let other = ["HAVEN_CONFIG": "/nonexistent/haven.cfg"]
            let named = try Settings.load(file: path, flags: [:], environment: other)
            #expect(named.listener.httpPort == 1_234)
        }
    }
}

@Suite("flags of settings")
struct SettingFlagsTests {
    @Test("are taken out of a command line at any place, in both forms")
    func taken() {
        let flags = SettingFlags(
            ["--http-port", "1", "serve", "--listen=::1", "--config", "x", "--", "--http-port", "2"],
            keys: ["http_port", "listen"])
        #expect(flags.values == ["http_port": "1", "listen": "::1"])
        #expect(flags.rest == ["serve", "--config", "x", "--", "--http-port", "2"])
        #expect(flags.incomplete == nil)
    }

    @Test("without a value are found out")
    func incomplete() {
        #expect(SettingFlags(["serve", "--http-port"], keys: ["http_port"]).incomplete == "--http-port")
    }
}

/// Runs a body with the path of a file that holds a text, and removes the file.
func withTemporaryFile(_ text: String, _ body: (String) throws -> Void) throws {
    let path = "/tmp/haven-test-\(UInt64.random(in: .min ... .max))"
    try Data(text.utf8).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}
