// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import HavenServer
import Installer

extension ClusterCommand {
    /// `haven cluster bundle`: everything the next node needs.
    struct Bundle: HavenCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pack program, settings, secret key and certificates for the next node.",
            discussion: """
                There: tar -xvf haven_ha.tar, cd haven, ./install.sh --ha. The tar holds all secrets of the cluster and is \
                readable by its owner alone; with a passphrase it is encrypted, and opened by haven cluster unbundle.
                """)
        @Option(
            name: .customLong("file"), help: ArgumentHelp("The tar to write.", valueName: "file"), completion: .file())
        var output = "haven_ha.tar"
        @OptionGroup var passphrase: PassphraseInput
        @OptionGroup var settings: SettingsOptions

        func run(_ context: CommandContext) async throws {
            let secret = try passphrase.read()
            let loaded = try settings.load(context)
            try await explaining {
                try await ClusterBundle(loaded, program: try Executable.path()).write(to: output)
                guard let secret else {
                    print(
                        "wrote \(output); it holds the secrets of the cluster: move it by a safe way, and remove it then"
                    )
                    return
                }
                let sealed = try SealedFile.seal(try Data(contentsOf: URL(filePath: output)), passphrase: secret)
                try PrivateFile.write(sealed, to: output + ".enc")
                unlink(output)
                print("wrote \(output).enc; on the next node: haven cluster unbundle \(output).enc --passphrase-stdin")
            }
        }
    }

    /// `haven cluster unbundle`: opens an encrypted bundle.
    struct Unbundle: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Decrypt a bundle that was made with a passphrase.",
            discussion: "Writes the tar beside it; go on with tar -xvf, cd haven, ./install.sh --ha.")
        @Argument(help: "The encrypted bundle, a file that ends in .enc.", completion: .file(extensions: ["enc"]))
        var file: String
        @OptionGroup var passphrase: PassphraseInput

        func run() async throws {
            guard file.hasSuffix(".enc") else { throw ValidationError("\(file) does not end in .enc.") }
            guard let secret = try passphrase.read() else { throw ValidationError("Give --passphrase-stdin.") }
            guard let sealed = try? Data(contentsOf: URL(filePath: file)) else {
                throw CommandFailure("\(file) cannot be read")
            }
            let tar = String(file.dropLast(".enc".count))
            try await explaining { try PrivateFile.write(try SealedFile.open(sealed, passphrase: secret), to: tar) }
            print("wrote \(tar); go on with: tar -xvf \(tar) && cd haven && ./install.sh --ha")
        }
    }
}

/// Where a passphrase comes from: never from the command line.
struct PassphraseInput: ParsableArguments {
    @Flag(help: "Read a passphrase for the bundle from standard input: one line.") var passphraseStdin = false

    /// The passphrase; nil when none was asked for.
    func read() throws -> String? {
        guard passphraseStdin else { return nil }
        guard let line = readLine(), !line.isEmpty else {
            throw ValidationError("There is no passphrase on standard input.")
        }
        return line
    }
}

/// Files that their owner alone may read, from the first byte on.
private enum PrivateFile {
    static func write(_ content: Data, to path: String) throws {
        let draft = "\(path).new-\(UInt32.random(in: .min ... .max))"
        let old = umask(0o077)
        defer { umask(old) }
        try content.write(to: URL(filePath: draft))
        guard chmod(draft, 0o600) == 0, rename(draft, path) == 0 else {
            throw CommandFailure("\(path) cannot be written")
        }
    }
}

private func explaining(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let fault as InstallFault {
        throw CommandFailure(fault.description)
    } catch let fault as SealedFile.Fault {
        throw CommandFailure(fault.description)
    }
}
