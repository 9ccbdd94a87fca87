// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong with the settings, in a sentence that says what is accepted.
package struct SettingFault: Hashable, Sendable, CustomStringConvertible {
    /// The key; nil when the fault is about the file or about no one key.
    package let key: String?
    /// Where the value came from.
    package let source: SettingSource?
    /// What is wrong and what to do.
    package let message: String

    package var description: String {
        switch (key, source) {
        case (let key?, let source?): "\(key) (\(source)): \(message)"
        case (let key?, nil): "\(key): \(message)"
        case (nil, let source?): "\(source): \(message)"
        case (nil, nil): message
        }
    }
}

/// Every fault of one reading, together.
package struct SettingsError: Error, CustomStringConvertible {
    package let faults: [SettingFault]

    package var description: String {
        let head = faults.count == 1 ? "1 fault in the settings:" : "\(faults.count) faults in the settings:"
        return ([head] + faults.map { "  \($0)" }).joined(separator: "\n")
    }
}
