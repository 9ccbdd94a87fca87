// SPDX-License-Identifier: Apache-2.0

/// How tokens are signed.
package enum TokenAlgorithm: String, Sendable, CaseIterable {
    case es256 = "ES256"
    case rs256 = "RS256"
}

/// What operators may set about accounts and tokens.
package struct AccessSettings: Sendable {
    /// The name of this registry in challenges and tokens.
    package var service = "harbor-registry"
    package var algorithm = TokenAlgorithm.es256
    /// How long a token is good for. Rights are looked up again at each request, so this bounds only a stolen token.
    package var tokenLifetime = Duration.seconds(300)
    /// Rounds of PBKDF2-HMAC-SHA256 for new passwords; a stored hash names its own.
    package var passwordRounds = 600_000
    /// Threads that check passwords.
    package var passwordThreads = 2
    /// How many passwords may wait for a thread; above, callers are told to come back.
    package var passwordQueue = 64
    /// How long a checked password is remembered.
    package var passwordMemory = Duration.seconds(60)
    /// While the database is out of reach: how long rights count as they were last read, for pulls; zero for never.
    package var staleRights = Duration.zero
    /// How long a new key is shown before it signs: all nodes know it by then.
    package var keyIntroduction = Duration.seconds(120)

    package init() {}
}

/// The rules of our tokens that are not settings.
enum TokenRules {
    static let issuer = "harbor-token-issuer"
    /// How far clocks of nodes may be apart.
    static let leewaySeconds: Int64 = 60
    /// The longest token that is looked at, in bytes: a hundred grants on long names fit.
    static let longestToken = 48_000
}
