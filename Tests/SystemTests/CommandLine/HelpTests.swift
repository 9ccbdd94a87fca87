// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

@Suite("help, version, completion and settings of the command line")
struct HelpTests {
    private let haven = Tool(HavenProcess.executable)

    /// All commands, found by asking the help for subcommands.
    private func commands(under path: [String] = []) async throws -> [[String]] {
        let help = try await haven.check(["help"] + path)
        let names = help.split(separator: "\n").drop { $0 != "SUBCOMMANDS:" }.dropFirst()
            .prefix { $0.hasPrefix("  ") && !$0.hasPrefix("  See") }
            .filter { !$0.hasPrefix("   ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        var all = path.isEmpty ? [] : [path]
        for name in names { all += try await commands(under: path + [name]) }
        return all
    }

    @Test("every command says in a whole sentence what it does, and explains each of its options")
    func help() async throws {
        let all = try await commands()
        #expect(all.count > 20, "\(all)")
        for command in all {
            let help = try await haven.check(["help"] + command)
            let overview = help.components(separatedBy: "\n\n").first ?? ""
            #expect(overview.hasPrefix("OVERVIEW: ") && overview.hasSuffix("."), "\(command): \(overview)")
            for line in help.split(separator: "\n") where line.hasPrefix("  --") || line.hasPrefix("  -o") {
                let isExplained = line.contains("  ", after: 4) || help.contains("\(line)\n      ")
                #expect(isExplained, "\(command): \(line)")
            }
        }
    }

    @Test("the help of serve lists every setting that can be a flag")
    func settings() async throws {
        let help = try await haven.check("help", "serve")
        let shown = try await haven.check("config", "show")
        for line in shown.split(separator: "\n") where !line.hasPrefix("_") {
            let key = line.prefix { $0 != " " }
            let flag = "--" + key.replacingOccurrences(of: "_", with: "-")
            // Secrets are not taken as flags; the address of a Redis may hold one.
            let isSecret = key.hasSuffix("password") || key == "redis_url"
            #expect(help.contains(flag) != isSecret, "\(flag)")
        }
    }

    @Test("the version is one line, and completion scripts are printed for three shells")
    func versionAndCompletion() async throws {
        #expect(try await haven.check("--version").hasPrefix("haven "))
        for shell in ["bash", "zsh", "fish"] {
            let script = try await haven.check("--generate-completion-script", shell)
            #expect(script.contains("haven") && script.contains("http-port") && script.contains("data-volume"))
            #expect(!script.contains("harbor-admin-password"))
        }
    }

    @Test("bash completes commands, options, settings and their words")
    func completion() async throws {
        let offers: [(line: String, words: [String])] = [
            ("haven do", ["doctor"]), ("haven doctor --veri", ["--verify"]), ("haven serve --http-", ["--http-port"]),
            ("haven project create --data-v", ["--data-volume"]), ("haven gc --dry-run --log-lev", ["--log-level"]),
            ("haven serve --token-algorithm ", ["ES256", "RS256"]), ("haven serve --harbor-admin-p", []),
        ]
        // What an interactive shell does at the tab key.
        let press = #"""
            source "$0"
            COMP_LINE=$1 COMP_POINT=${#1}
            read -ra COMP_WORDS <<<"$1"
            case $1 in *' ') COMP_WORDS+=('') ;; esac
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            COMPREPLY=()
            complete=($(complete -p haven))
            "${complete[-2]}" haven "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}"
            """#
        try await withTemporaryFolder { folder in
            let path = "\(folder)/haven.bash"
            try await haven.check("--generate-completion-script", "bash")
                .write(toFile: path, atomically: true, encoding: .utf8)
            for offer in offers {
                let offered = try await Tool("bash").check(["-c", press, path, offer.line])
                let words = offered.split { $0.isWhitespace }.map { String($0) }
                #expect(words == offer.words, "\(offer.line)")
            }
        }
    }

    @Test("config show masks secrets and says where each value comes from")
    func show() async throws {
        try await withTemporaryFolder { folder in
            try "harbor_admin_password = Secret-1234\nhttp_port = 8081\n".write(
                toFile: "\(folder)/haven.cfg", atomically: true, encoding: .utf8)
            let here = Tool(
                HavenProcess.executable, environment: ["HAVEN_LOG_LEVEL": "debug"], workingFolder: folder)
            let shown = try await here.check("config", "show", "--drain-timeout", "5")
            #expect(shown.contains("harbor_admin_password = •••    # haven.cfg, line 1"))
            #expect(shown.contains("http_port = 8081    # haven.cfg, line 2"))
            #expect(shown.contains("log_level = debug    # environment HAVEN_LOG_LEVEL"))
            #expect(shown.contains("drain_timeout = 5s    # flag --drain-timeout"))
            #expect(!shown.contains("Secret-1234"))
            #expect(try await !here.check("config", "show", "-o", "json").contains("Secret-1234"))
            #expect(try await here.check("config", "check").contains("The settings are good (haven.cfg)."))
        }
    }

    @Test("the doctor finds a fresh folder good and a broken one not")
    func doctor() async throws {
        try await withTemporaryFolder { folder in
            let ports = ["--http-port", "\(try freePort())", "--metrics-port", "\(try freePort())"]
            let good = try await haven.run(
                ["doctor", "--data-volume", "\(folder)/data", "--listen", "127.0.0.1"] + ports)
            #expect(good.status == 0, "\(good)")
            #expect(good.output.contains("durability"))
            let bad = try await haven.run(["doctor", "--data-volume", "/proc/haven", "-o", "json"] + ports)
            #expect(bad.status == 1, "\(bad)")
            #expect(bad.output.contains(#""result":"fault","subject":"flush to disk""#))
        }
    }
}

extension Substring {
    /// Whether a text stands behind the first `count` characters.
    fileprivate func contains(_ text: String, after count: Int) -> Bool {
        dropFirst(count).drop { $0 == " " }.contains(text)
    }
}
