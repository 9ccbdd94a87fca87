// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import HavenServer
import OCI

/// `haven token …`: the keys that tokens are signed with.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Change the key that tokens are signed with, and list the keys.",
        subcommands: [Rotate.self, Keys.self])
}

extension TokenCommand {
    struct Rotate: HavenCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new key for tokens.",
            discussion: """
                Nobody is interrupted: every node gets the time to read the new key before it signs, and tokens of the old \
                key stay good until they run out.
                """)
        @OptionGroup var settings: SettingsOptions

        func run(_ context: CommandContext) async throws {
            let keys = try await withNode(settings, context) { node in
                try await node.access.rotateSigningKey()
                return try await node.access.signingKeys()
            }
            guard let new = keys.first else { throw CommandFailure("there is no key") }
            print("The key \(new.id) was made; it \(new.use.words).")
        }
    }

    struct Keys: HavenCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys for tokens, the newest first.")
        @OptionGroup var settings: SettingsOptions
        @OptionGroup var output: OutputOptions

        func run(_ context: CommandContext) async throws {
            let keys = try await withNode(settings, context) { try await $0.access.signingKeys() }
            var listing = Listing("id", "algorithm", "created_at", "use")
            for key in keys {
                listing.add(
                    .text(key.id), .text(key.algorithm), .text(RFC3339.string(microseconds: key.createdAt)),
                    .text(key.use.words))
            }
            listing.print(output.output)
        }
    }
}

extension KeyStatus.Use {
    /// What the key does, in words that follow "it".
    fileprivate var words: String {
        switch self {
        case .introduced(let start): "signs from \(RFC3339.string(microseconds: start))"
        case .signs: "signs"
        case .verifies(let end?): "verifies until \(RFC3339.string(microseconds: end))"
        case .verifies(nil): "verifies"
        }
    }
}
