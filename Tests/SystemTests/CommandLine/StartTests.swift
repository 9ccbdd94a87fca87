// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestKit
import Testing

@Suite("starting and stopping")
struct StartTests {
    @Test("the first start prints a password that works, once, on standard error, and never in the log")
    func firstPassword() async throws {
        try await withTemporaryFolder { folder in
            let port = try freePort()
            let arguments = [
                "serve", "--http-port", "\(port)", "--metrics-port", "0", "--data-volume", "\(folder)/data",
                "--log-file", "\(folder)/haven.log",
            ]
            var printed: [String] = []
            for start in 1...2 {
                let path = "\(folder)/printed-\(start)"
                let server = try await BackgroundProcess(Tool(HavenProcess.executable), arguments, logPath: path)
                let url = "http://127.0.0.1:\(port)"
                #expect(try await eventually { try await Tool("curl").run(["-fs", "\(url)/healthz"]).status == 0 })
                printed.append(server.log)
                if start == 1 {
                    let lines = server.log.split(separator: "\n").drop { $0.hasPrefix("warning: ") }
                    #expect(lines.first?.allSatisfy { $0 == "-" } == true && lines.last == lines.first)
                    let password = try #require(lines.dropFirst().first?.split(separator: " ").last)
                    let login = try await Tool("curl").run(["-fs", "-u", "admin:\(password)", "\(url)/v2/"])
                    #expect(login.status == 0, "\(login)")
                    let log = try String(contentsOfFile: "\(folder)/haven.log", encoding: .utf8)
                    #expect(!log.contains(password))
                }
                #expect(try await server.stop() == 0)
            }
            #expect(printed[0].contains("shown only now"))
            #expect(!printed[1].contains("password"), "\(printed[1])")
        }
    }

    @Test("a second server on one data folder is refused and says what to do; commands beside it work")
    func secondServer() async throws {
        try await withHaven { haven in
            let second = try await Tool(HavenProcess.executable)
                .run([
                    "serve", "--http-port", "\(freePort())", "--metrics-port", "0", "--data-volume", haven.dataVolume,
                ])
            #expect(second.status == 1)
            #expect(second.errors.contains("another haven serve uses"))
            #expect(second.errors.contains("data_volume"))
            try await haven.command("project", "create", "beside")
        }
    }

    @Test("Harbor's well-known password starts the server, warns loudly, and lets nobody in until there is another")
    func wellKnownPassword() async throws {
        try await withHaven(settings: ["harbor_admin_password": "Harbor12345"]) { haven in
            #expect(haven.log.contains("LOCKED"))
            let curl = Tool("curl")
            let well = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-u", "admin:Harbor12345", "\(haven.url)/v2/"]
            #expect(try await curl.check(well) != "200")
            try await haven.command(["user", "password", "admin", "--password-stdin"], input: CommandLine.password)
            #expect(
                try await curl.check(["-fs", "-u", "admin:\(CommandLine.password)", "\(haven.url)/v2/"]).isEmpty
                    == false)
            #expect(try await curl.check(well) != "200")
        }
    }

    @Test("with a hostname the server listens on IPv4 and IPv6 side by side")
    func bothFamilies() async throws {
        try await withHaven(settings: ["hostname": "localhost"]) { haven in
            for address in ["127.0.0.1", "[::1]"] {
                try await Tool("curl").check(["-fs", "http://\(address):\(haven.httpPort)/healthz"])
            }
        }
    }

    @Test("the usual port of the metrics being taken does not keep a server from starting; a port asked for does")
    func metricsPort() async throws {
        try await withHaven(settings: ["metrics_port": "\(freePort())"]) { first in
            let taken = try await Tool(HavenProcess.executable).run([
                "serve", "--http-port", "\(freePort())", "--metrics-port", "\(first.httpPort)", "--data-volume",
                "\(first.folder)/other",
            ])
            #expect(taken.status == 1)
            #expect(taken.errors.contains("cannot listen on 127.0.0.1:\(first.httpPort)"))
        }
    }

    @Test("a Unix socket serves, and another account cannot read the data")
    func socketAndRights() async throws {
        try await withTemporaryFolder { folder in
            let socket = "\(folder)/haven.sock"
            let server = try await BackgroundProcess(
                Tool(HavenProcess.executable),
                [
                    "serve", "--http-port", "0", "--metrics-port", "0", "--listen", socket, "--data-volume",
                    "\(folder)/data",
                ],
                logPath: "\(folder)/printed")
            let answers = try await eventually {
                try await Tool("curl").run(["-fs", "--unix-socket", socket, "http://haven/healthz"]).status == 0
            }
            #expect(answers, "\(server.log)")
            let files = FileManager.default
            for name in ["", "haven.db", "secretkey", "serve.lock"] {
                let mode =
                    try files.attributesOfItem(atPath: "\(folder)/data/\(name)")[.posixPermissions] as? Int ?? 0o777
                #expect(mode & 0o077 == 0, "\(name) has \(String(mode, radix: 8))")
            }
            #expect(try await server.stop() == 0)
        }
    }

    @Test("a weak password in the settings is refused with a sentence that names the setting, and nothing is kept open")
    func weakPassword() async throws {
        try await withTemporaryFolder { folder in
            for command in [["serve"], ["project", "list"]] {
                let result = try await Tool(
                    HavenProcess.executable, environment: ["HAVEN_HARBOR_ADMIN_PASSWORD": "weak"], workingFolder: folder
                ).run(command + ["--http-port", "\(freePort())", "--metrics-port", "0"])
                #expect(result.status == 2, "\(result)")
                #expect(
                    result.errors.contains(
                        "harbor_admin_password (environment HAVEN_HARBOR_ADMIN_PASSWORD): a password has 8 to 128"))
                #expect(!result.errors.contains("passwordRefused"))
            }
        }
    }

    @Test("SIGHUP puts new certificates into use at once, and without HTTPS it does nothing")
    func reload() async throws {
        try await withTemporaryFolder { folder in
            let files = try await TestCertificates(in: folder)
            try await withHaven(certificate: (files.certificate, files.key)) { haven in
                // Nothing but the signal loads files that did not change.
                haven.signal(SIGHUP)
                let hasLoaded = try await eventually { haven.log.contains("certificate loaded") }
                #expect(hasLoaded)
                #expect(try await subject(haven.httpsHost) == "subject=CN = localhost\n")
                try await files.issue(commonName: "renewed")
                haven.signal(SIGHUP)
                let isRenewed = try await eventually {
                    try await subject(haven.httpsHost) == "subject=CN = renewed\n"
                }
                #expect(isRenewed)
                try "no certificate".write(toFile: files.certificate, atomically: true, encoding: .utf8)
                haven.signal(SIGHUP)
                let hasRefused = try await eventually { haven.log.contains("new certificate unusable") }
                #expect(hasRefused)
                #expect(try await subject(haven.httpsHost) == "subject=CN = renewed\n")
            }
            try await withHaven { haven in
                haven.signal(SIGHUP)
                let answer = try await haven.client.send("GET", "/v2/")
                #expect(answer.status == 200)
            }
        }
    }

    /// Whom the certificate is for that a server shows.
    private func subject(_ host: String) async throws -> String {
        try await Tool("sh").check([
            "-c", #"openssl s_client -connect "$0" </dev/null 2>/dev/null | openssl x509 -noout -subject"#, host,
        ])
    }

    @Test("every fault of the settings is told at once, before anything is made")
    func faults() async throws {
        try await withTemporaryFolder { folder in
            let result = try await Tool(
                HavenProcess.executable, environment: ["HAVEN_LOG_LEVEL": "loud"], workingFolder: folder
            ).run(["serve", "--http-port", "x", "--token-algorithm", "none"])
            #expect(result.status == 2)
            for key in ["http_port (flag --http-port)", "log_level (environment HAVEN_LOG_LEVEL)", "token_algorithm"] {
                #expect(result.errors.contains(key))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }
}
