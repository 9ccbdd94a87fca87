// SPDX-License-Identifier: Apache-2.0

/// One change of the host. Steps are values: they can be printed, compared, and applied once.
package enum InstallStep: Sendable, Hashable {
    /// Makes the account that the server runs as.
    case account(name: String, number: UInt32?)
    case folder(String, mode: UInt32, owner: String?)
    /// Writes a file whole; one that was there before is kept beside it as `.old`, unless it was ours to write.
    case write(String, [UInt8], mode: UInt32, owner: String?, keepsOld: Bool)
    case copy(from: String, to: String, mode: UInt32)
    /// Gives a file or a folder, without what is in it, to an account.
    case own(String, by: String)
    /// Applies the schema to an empty database, and makes the administrator and the keys, as the account of the server.
    case firstRows(program: String, settings: String, account: String?)
    case systemctl([String])

    /// Whether the running server must be started again for it.
    var needsRestart: Bool {
        switch self {
        case .write, .copy: true
        case .account, .folder, .own, .firstRows, .systemctl: false
        }
    }
}

extension InstallStep: CustomStringConvertible {
    /// The step as an operator reads it before it happens. Contents are never shown: they may be secret.
    package var description: String {
        switch self {
        case .account(let name, let number):
            "make the account \(name)" + (number.map { " with the number \($0)" } ?? "")
        case .folder(let path, let mode, let owner): "make the folder \(path) (\(Self.rights(mode, owner)))"
        case .write(let path, let bytes, let mode, let owner, let keepsOld):
            "write \(path) (\(bytes.count) bytes, \(Self.rights(mode, owner)))"
                + (keepsOld ? "; the one before is kept as \(path).old" : "")
        case .copy(let from, let path, let mode): "copy \(from) to \(path) (\(Self.rights(mode, nil)))"
        case .own(let path, let account): "give \(path) to the account \(account)"
        case .firstRows: "fill the database: schema, administrator and keys, where they are missing"
        case .systemctl(let arguments): "systemctl \(arguments.joined(separator: " "))"
        }
    }

    private static func rights(_ mode: UInt32, _ owner: String?) -> String {
        "mode \(String(mode, radix: 8))" + (owner.map { ", of \($0)" } ?? "")
    }
}
