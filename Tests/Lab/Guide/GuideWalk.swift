// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// Follows the guide: types its commands and writes its files as they are printed.
struct GuideWalk: Sendable {
    let steps: [GuideStep]
    let hosts: [String: LabHost]
    /// The choices made, such as `mariadb` and `swift`.
    let choices: Set<String>
    /// Where the output of commands that stay goes.
    let folder: String

    /// A command is given up after this time.
    private static let patience = Duration.seconds(180)

    /// Does every step and returns the commands that stay, by host.
    func run() async throws -> [String: BackgroundProcess] {
        var staying: [String: BackgroundProcess] = [:]
        for step in steps where step.choice.map(choices.contains) ?? true {
            for name in step.hosts {
                guard let host = hosts[name] else {
                    throw ToolFailure(what: "line \(step.line) of the guide: there is no host \(name)")
                }
                say("guide, line \(step.line), on \(name)")
                do {
                    if let process = try await perform(step, on: host) { staying[name] = process }
                } catch {
                    throw ToolFailure(what: "line \(step.line) of the guide, on \(name): \(error)")
                }
            }
        }
        return staying
    }

    private func perform(_ step: GuideStep, on host: LabHost) async throws -> BackgroundProcess? {
        switch step.action {
        case .commands(stays: false):
            try await host.check(step.text, deadline: Self.patience)
        case .commands(stays: true):
            return try await stay(step, on: host)
        case .file(let path):
            try await host.check("cat > \(path)", input: step.text)
        case .settings(let path):
            let text = SettingsEdit.apply(step.text, to: try await host.check("cat \(path)"))
            try await host.check("cat > \(path)", input: text)
        }
        return nil
    }

    /// Types the commands and waits until the one that stays says that the registry answers.
    private func stay(_ step: GuideStep, on host: LabHost) async throws -> BackgroundProcess {
        let log = "\(folder)/\(host.name)-install.log"
        let process = try await host.start("bash -euc \(quoted(step.text))", log: log)
        let isReady = try await eventually(within: Self.patience, every: .milliseconds(200)) {
            guard process.isRunning else { throw ToolFailure(what: process.log) }
            return process.log.contains("docker login")
        }
        guard isReady else { throw ToolFailure(what: "not ready after \(Self.patience):\n\(process.log)") }
        return process
    }

    private func quoted(_ text: String) -> String {
        "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
