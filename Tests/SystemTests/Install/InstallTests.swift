// SPDX-License-Identifier: Apache-2.0
import Foundation
import SQLStorage
import TestKit
import Testing

/// `haven install` into folders of its own, with a real PostgreSQL.
@Suite("haven install", .timeLimit(.minutes(5)))
struct InstallTests {
    private func withHosts(_ body: (_ folder: String, _ database: [String: String]) async throws -> Void) async throws {
        try await SoundPostgreSQL.with { settings in
            try await withTemporaryFolder { folder in try await body(folder, settings) }
        }
    }

    @Test("a first run installs, a second changes nothing, and a changed setting changes its file alone")
    func again() async throws {
        try await withHosts { folder, database in
            let node = try await Unpacked(host: folder, settings: database)
            let first = try await node.install("--ha")
            #expect(first.status == 0 && first.errors.contains("password of the account admin"), "\(first)")
            let before = try await node.picture()
            let second = try await node.install("--ha")
            #expect(second.status == 0 && second.output.contains("nothing to change"), "\(second)")
            #expect(second.output.contains("nothing") && !second.errors.contains("password"))
            #expect(try await node.picture() == before)

            let file = "\(node.source)/haven.cfg"
            let text = try String(contentsOfFile: file, encoding: .utf8) + "log_level = debug\n"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            let third = try await node.install("--ha")
            let steps = third.output.split(separator: "\n").filter { $0.hasPrefix("- ") }
            #expect(steps.count == 1 && steps[0].contains("haven.cfg"), "\(third)")
        }
    }

    @Test("a dry run names every step and changes nothing")
    func dryRun() async throws {
        try await withHosts { folder, database in
            let node = try await Unpacked(host: folder, settings: database)
            let before = try await node.picture()
            let result = try await node.install("--ha", "--dry-run")
            #expect(result.status == 0 && result.output.contains("fill the database"), "\(result)")
            #expect(result.output.contains("haven.service") && !result.output.contains("havenpw"))
            #expect(try await node.picture() == before)
            #expect(try await node.install("--ha").errors.contains("password of the account admin"))
        }
    }

    @Test("keys and settings are their owner's alone")
    func modes() async throws {
        try await withHosts { folder, database in
            let node = try await Unpacked(host: folder, settings: database)
            #expect(try await node.install("--ha").status == 0)
            for file in ["\(node.prefix)/etc/haven/haven.cfg", "\(folder)/data/secretkey"] {
                #expect(try await Tool("stat").check("-c", "%a", file) == "600\n", "\(file)")
            }
        }
    }

    @Test("the unit is one that systemd accepts", .enabled(if: Tool.path(of: "systemd-analyze") != nil))
    func unit() async throws {
        try await withTemporaryFolder { folder in
            let node = try await Unpacked(host: folder, settings: [:])
            #expect(try await node.install().status == 0)
            let unit = "\(node.prefix)/etc/systemd/system/haven.service"
            let result = try await Tool("systemd-analyze").run(["verify", unit])
            #expect(result.status == 0 && !result.errors.contains("haven.service:"), "\(result)")
        }
    }

    @Test("removing the program keeps data, settings and keys, unless they are asked for")
    func uninstall() async throws {
        try await withTemporaryFolder { folder in
            let node = try await Unpacked(host: folder, settings: [:])
            #expect(try await node.install().status == 0)
            let stranger = "\(folder)/data/of-another"
            try "x".write(toFile: stranger, atomically: true, encoding: .utf8)
            let removed = try await node.install("--uninstall")
            #expect(removed.status == 0 && removed.output.contains("stay"), "\(removed)")
            let files = FileManager.default
            #expect(!files.fileExists(atPath: node.program))
            #expect(files.fileExists(atPath: "\(folder)/data/haven.db"))
            #expect(files.fileExists(atPath: "\(folder)/data/secretkey"))

            #expect(try await node.install("--uninstall", "--purge").status == 0)
            #expect(!files.fileExists(atPath: "\(folder)/data/haven.db"))
            #expect(!files.fileExists(atPath: "\(node.prefix)/etc/haven/haven.cfg"))
            #expect(files.fileExists(atPath: stranger), "what is not Haven's stays")
        }
    }

    @Test("parts that this version lacks are understood, and what they would need is said")
    func parts() async throws {
        try await withTemporaryFolder { folder in
            let node = try await Unpacked(host: folder, settings: [:])
            let result = try await node.install("--with-clair", "--with-notary", "--dry-run")
            #expect(result.status == 0, "\(result)")
            #expect(result.output.contains("clair_db_host") && result.output.contains("content trust"), "\(result)")
        }
    }

    @Test("settings come from the file alone: a flag, which the installed server would not have, is refused")
    func flags() async throws {
        try await withTemporaryFolder { folder in
            let node = try await Unpacked(host: folder, settings: [:])
            let result = try await node.install("--log-level", "debug")
            #expect(result.status == 2 && result.errors.contains("put log_level there"), "\(result)")
        }
    }

    @Test("https as the guide has it: certificate, authority for clients, and a redirect from http")
    func secure() async throws {
        try await withTemporaryFolder { folder in
            let files = try await TestCertificates(in: try Self.make("\(folder)/data/cert"))
            _ = try Self.make("\(folder)/data/ca_download")
            let authority = "\(folder)/data/ca_download/ca.crt"
            try FileManager.default.copyItem(atPath: files.authority, toPath: authority)
            let port = try freePort()
            let node = try await Unpacked(
                host: folder,
                settings: [
                    "ui_url_protocol": "https", "https_port": "\(port)", "ssl_cert": files.certificate,
                    "ssl_cert_key": files.key, "harbor_admin_password": "Installed-1",
                ])
            #expect(try await node.install().status == 0)
            let process = try await node.start(asking: "https://127.0.0.1:\(port)")
            let curl = Tool("curl")
            let plain = try await curl.check("-s", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", node.url)
            #expect(plain == "301 https://127.0.0.1:\(port)/", "\(plain)")
            let fetched = try await curl.check("-fsk", "https://127.0.0.1:\(port)/api/systeminfo/getcert")
            #expect(fetched == (try String(contentsOfFile: files.authority, encoding: .utf8)))
            let login = ["-fs", "--cacert", authority, "-u", "admin:Installed-1", "https://127.0.0.1:\(port)/v2/"]
            #expect(try await curl.run(login).status == 0)
            #expect(process.log.contains("docker login -u admin 127.0.0.1:\(port)"), "\(process.log)")
            #expect(try await process.stop() == 0)
        }
    }

    private static func make(_ folder: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test("without systemd the installed server is supervised: killed, it comes back; told to end, it ends")
    func supervised() async throws {
        try await withTemporaryFolder { folder in
            let node = try await Unpacked(host: folder, settings: [:])
            #expect(try await node.install().status == 0)
            let process = try await node.start()
            let isTold = try await eventually { process.log.contains("docker login -u admin 127.0.0.1:\(node.port)") }
            #expect(isTold, "\(process.log)")
            let children = try await Tool("pgrep").check("-P", "\(process.processID)")
            let child = try #require(Int32(children.trimmingCharacters(in: .whitespacesAndNewlines)))
            kill(child, SIGKILL)
            let isBack = try await eventually(within: .seconds(30)) {
                try await Tool("curl").run(["-fs", "http://127.0.0.1:\(node.port)/healthz"]).status == 0
                    && process.log.contains("started again")
            }
            #expect(isBack, "\(process.log)")
            let again = try await node.installAndStart()
            #expect(again.status == 0 && again.output.contains("a server runs already"), "\(again)")
            let removal = try await node.install("--uninstall")
            #expect(removal.status == 1 && removal.errors.contains("end it first"), "\(removal)")
            #expect(try await process.stop() == 0)
            #expect(process.log.contains("stopped"))
        }
    }
}
