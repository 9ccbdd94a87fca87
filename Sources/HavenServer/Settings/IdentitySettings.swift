// SPDX-License-Identifier: Apache-2.0

package import Access

/// Who may come in, and the tokens they get.
package struct IdentitySettings: Sendable {
    /// Where accounts live.
    package enum Mode: String, CaseIterable, Sendable {
        case database = "db_auth", ldap = "ldap_auth", uaa = "uaa_auth"
    }

    /// The first password of the account `admin`; nil: one is made and printed once.
    package let adminPassword: Secret?
    package let tokenAlgorithm: TokenAlgorithm
    package let tokenLife: Duration

    /// Harbor's published default, which nobody may keep.
    package static let harborDefaultPassword = Secret("Harbor12345")

    init(_ reader: inout SettingReader) {
        adminPassword = reader.read(
            Setting(
                "harbor_admin_password", .optional(.secret), default: nil, shown: "a random one, printed once",
                origin: .harbor,
                "The password of admin at the first start. Later starts ignore it; `haven user password admin "
                    + "--password-stdin` changes it."))
        let mode = reader.read(
            Setting(
                "auth_mode", SettingForm<Mode>.choice, default: .database, origin: .harbor,
                "Where accounts live. This version has db_auth, the accounts in the database."))
        if mode != .database {
            reader.fault("auth_mode", "\(mode.rawValue) is not built yet in this version; use db_auth")
        }
        tokenAlgorithm = reader.read(
            Setting("token_algorithm", .choice, default: .es256, "The signature of the tokens that clients get."))
        tokenLife = reader.read(
            Setting(
                "token_expiration", .duration(bare: .minutes, atLeast: .seconds(1)), default: .seconds(1_800),
                origin: .harbor, "How long a token lives; a bare number counts minutes."))
        if adminPassword == Self.harborDefaultPassword {
            reader.warn(
                "harbor_admin_password",
                "this is Harbor's published default; admin stays locked until `haven user password admin "
                    + "--password-stdin` sets another")
        }
    }
}
