// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// Where a password comes from. Never from the command line, where every user of the machine can read it.
struct PasswordInput: ParsableArguments {
    @Flag(help: "Read the password from standard input: one line. Without it, a terminal is asked.")
    var passwordStdin = false

    /// The most bytes a line on standard input may have.
    private static let byteLimit = 4_096

    /// The password.
    ///
    /// - Throws: `ValidationError` when there is neither the flag nor a terminal, or no password.
    func read(for user: String) throws -> String {
        if passwordStdin { return try readLineOfInput() }
        guard isatty(STDIN_FILENO) == 1 else {
            throw ValidationError("Give --password-stdin and the password on standard input.")
        }
        let password = try ask("Password for \(user): ")
        guard try ask("Again: ") == password else { throw ValidationError("The two passwords differ.") }
        return password
    }

    private func readLineOfInput() throws -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while Glibc.read(STDIN_FILENO, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
            guard bytes.count < Self.byteLimit else { throw ValidationError("The line on standard input is too long.") }
            bytes.append(byte)
        }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let password = String(validating: bytes, as: UTF8.self) else {
            throw ValidationError("The password on standard input is not UTF-8 text.")
        }
        guard !password.isEmpty else { throw ValidationError("There is no password on standard input.") }
        return password
    }

    /// Asks the terminal without showing what is typed.
    private func ask(_ prompt: String) throws -> String {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { throw ValidationError("The terminal cannot be read.") }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            printError("")
        }
        printError(prompt, end: "")
        return try readLineOfInput()
    }
}
