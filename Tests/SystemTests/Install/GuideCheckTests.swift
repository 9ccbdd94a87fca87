// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// What the health check of Harbor's guide asks, and what clients fetch before they have an account.
@Suite("the guide's health check")
struct GuideCheckTests {
    /// The guide's questions in a shell of our own: protocol by the status of `/`, then both documents.
    private static let check = """
        status=$(curl -sk -o /dev/null -w '%{http_code}' "http://$0/")
        case $status in 200) url=http://$0 ;; 301) url=https://$1 ;; *) echo "/ is $status"; exit 1 ;; esac
        curl -sk "$url/api/systeminfo" | grep -q registry_url || { echo "no registry_url"; exit 1; }
        top=$(curl -sk -o /dev/null -w '%{http_code}' "$url/api/repositories/top")
        [ "$top" = 200 ] || { echo "top is $top"; exit 1; }
        """

    private func check(_ haven: HavenProcess) async throws -> ToolResult {
        try await Tool("sh").run(["-c", Self.check, haven.host, haven.httpsHost])
    }

    @Test("passes on plain HTTP, and on HTTPS by the redirect")
    func passes() async throws {
        try await withHaven { haven in
            let result = try await check(haven)
            #expect(result.status == 0, "\(result)")
        }
        try await withTemporaryFolder { folder in
            let files = try await TestCertificates(in: folder)
            let settings = ["hostname": "localhost", "https_redirect": "on", "listen": "127.0.0.1"]
            let haven = try await Self.redirecting("\(folder)/node", settings, files)
            let result = try await check(haven)
            #expect(result.status == 0, "\(result)")
            try await haven.stop()
        }
    }

    /// A server whose plain port only redirects; its readiness is asked for by HTTPS.
    private static func redirecting(
        _ folder: String, _ settings: [String: String], _ files: TestCertificates
    ) async throws -> HavenProcess {
        try await HavenProcess(folder: folder, settings: settings, certificate: (files.certificate, files.key))
    }

    @Test("the system's description names the registry to everybody, and its version to accounts only")
    func systemInfo() async throws {
        try await withHaven { haven in
            for path in ["/api/systeminfo", "/api/v2.0/systeminfo"] {
                let open = try await haven.client.send("GET", path, as: .none)
                #expect(open.status == 200 && open.json?["registry_url"] as? String == haven.host, "\(open)")
                #expect(open.json?["harbor_version"] == nil && open.json?["has_ca_root"] as? Bool == false)
                let known = try await haven.client.send("GET", path, as: .basic)
                #expect((known.json?["harbor_version"] as? String)?.hasPrefix("haven") == true, "\(known)")
            }
        }
    }

    @Test("the authority's certificate is downloaded from ca_download, and never a private key")
    func authority() async throws {
        try await withHaven { haven in
            let paths = ["/api/systeminfo/getcert", "/api/v2.0/systeminfo/getcert"]
            for path in paths { #expect(try await haven.client.send("GET", path, as: .none).status == 404) }
            let folder = "\(haven.dataVolume)/ca_download"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let files = try await TestCertificates(in: folder)
            let text = try String(contentsOfFile: files.authority, encoding: .utf8)
            for path in paths {
                let answer = try await haven.client.send("GET", path, as: .none)
                #expect(answer.status == 200 && answer.text == text, "\(answer)")
                #expect(answer["content-disposition"] == "attachment; filename=ca.crt")
            }
            let key = try String(contentsOfFile: files.key, encoding: .utf8)
            try (text + key).write(toFile: files.authority, atomically: true, encoding: .utf8)
            #expect(try await haven.client.send("GET", paths[0], as: .none).status == 404)
        }
    }

    @Test("the list of repositories holds those of public projects, and nothing of private ones")
    func popular() async throws {
        try await withHaven { haven in
            try await haven.command("project", "create", "open", "--public")
            try await haven.command("project", "create", "closed")
            for project in ["open", "closed"] {
                try await haven.client.push(TestImage.make(), to: "\(project)/app", at: "1")
            }
            let isThere = try await eventually(within: .seconds(15)) {
                try await haven.client.send("GET", "/api/repositories/top", as: .none).text.contains("open/app")
            }
            #expect(isThere)
            let answer = try await haven.client.send("GET", "/api/repositories/top?count=5", as: .none)
            #expect(answer.status == 200 && !answer.text.contains("closed"), "\(answer)")
            #expect(try await haven.client.send("GET", "/api/repositories/top?count=x", as: .none).status == 400)
        }
    }
}
