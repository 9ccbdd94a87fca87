// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HavenServer

/// The settings as options of every command, for the scripts that complete the command line.
///
/// Settings are taken out of the command line before it is parsed (``SettingFlags``), and `haven serve --help` lists them
/// once. So the parser is shown them only while it writes a completion script.
struct SettingFlagOptions: ParsableArguments, CustomReflectable {
    private static let isWritingScript = CommandLine.arguments.contains {
        $0.hasPrefix("--generate-completion-script")
    }

    init() {}

    /// Nothing is ever parsed into this; the parser checks that every option has a key.
    init(from decoder: any Decoder) throws {
        _ = try decoder.container(keyedBy: Key.self)
    }

    /// The parser finds options by reflection.
    var customMirror: Mirror {
        guard Self.isWritingScript else { return Mirror(self, children: [] as [Mirror.Child]) }
        let options = SettingsReference.flags.map { setting -> Mirror.Child in
            let option = Option<String?>(
                name: .customLong(String(setting.flagName.dropFirst(2))),
                help: ArgumentHelp(stringLiteral: setting.meaning), completion: setting.completion)
            return (label: "_" + setting.key, value: option)
        }
        return Mirror(self, children: options)
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension SettingDescription {
    /// What a shell offers for the value: files for a path, the words of a choice, otherwise nothing.
    fileprivate var completion: CompletionKind {
        if accepts.hasPrefix("a path") { return .file() }
        let words = accepts.components(separatedByWord: " or ")
        return .list(words.count > 1 && words.allSatisfy { !$0.contains(" ") } ? words : [])
    }
}

extension String {
    fileprivate func components(separatedByWord word: String) -> [String] {
        split(separator: word, omittingEmptySubsequences: false).map { String($0) }
    }
}
