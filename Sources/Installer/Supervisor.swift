// SPDX-License-Identifier: Apache-2.0

import Glibc
import Subprocess
import Synchronization
import UnixSignals

/// Keeps a program running where there is no systemd: starts it, starts it again when it ends by itself, and passes signals on.
package struct Supervisor: Sendable {
    private let program: String
    private let arguments: [String]
    private let say: @Sendable (String) -> Void

    /// The pause before a program that keeps ending is started again, at most.
    private static let longestPause = Duration.seconds(30)
    /// Who ran this long is started again at once.
    private static let steady = Duration.seconds(60)

    package init(_ program: String, _ arguments: [String], say: @escaping @Sendable (String) -> Void) {
        self.program = program
        self.arguments = arguments
        self.say = say
    }

    /// Runs until SIGTERM or SIGINT, which the program gets too; then waits for its end.
    ///
    /// - Throws: ``InstallFault`` when the program refuses its settings: starting it again would change nothing.
    package func run() async throws {
        let child = RunningChild()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup) {
                    child.pass(signal.number)
                }
            }
            group.addTask { try await keepRunning(child) }
            // Whichever ends first is the program: the signals never end.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func keepRunning(_ child: RunningChild) async throws {
        var pause = Duration.milliseconds(500)
        while !child.isEnding {
            let start = ContinuousClock.now
            let status = try await runOnce(child)
            if child.isEnding { return }
            if status == 2 { throw InstallFault("the server refuses its settings; see above") }
            if start.duration(to: .now) > Self.steady { pause = .milliseconds(500) }
            say("the server ended with status \(status); it is started again in \(pause)")
            await child.sleep(pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func runOnce(_ child: RunningChild) async throws -> Int {
        do {
            // It ends with this process, however that ends.
            let end = try await Subprocess.run(
                .name("setpriv"), arguments: Arguments(["--pdeathsig", "TERM", program] + arguments),
                input: .none, output: .currentStandardOutput, error: .currentStandardError
            ) { execution in
                child.begin(execution.processIdentifier.value)
            }
            child.end()
            return switch end.terminationStatus {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        } catch {
            child.end()
            throw InstallFault("\(program) cannot be started: \(error)")
        }
    }
}

/// The program that runs now, and whether it was told to end.
private final class RunningChild: Sendable {
    private let state = Mutex<(process: pid_t?, isEnding: Bool)>((nil, false))

    var isEnding: Bool { state.withLock { $0.isEnding } }

    func begin(_ process: pid_t) {
        state.withLock { state in
            state.process = process
            if state.isEnding { kill(process, SIGTERM) }
        }
    }

    func end() {
        state.withLock { $0.process = nil }
    }

    func pass(_ signal: Int32) {
        state.withLock { state in
            if signal != SIGHUP { state.isEnding = true }
            if let process = state.process { kill(process, signal == SIGINT ? SIGTERM : signal) }
        }
    }

    /// Waits, and no longer than until it is told to end.
    func sleep(_ pause: Duration) async {
        let end = ContinuousClock.now + pause
        while ContinuousClock.now < end, !isEnding { try? await Task.sleep(for: .milliseconds(50)) }
    }
}

extension UnixSignal {
    fileprivate var number: Int32 {
        switch self {
        case .sighup: SIGHUP
        case .sigint: SIGINT
        default: SIGTERM
        }
    }
}
