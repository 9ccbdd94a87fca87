// SPDX-License-Identifier: Apache-2.0

/// Harbor's rule for passwords, and the one password that must never be anybody's.
enum PasswordRule {
    /// The default in Harbor's configuration file: with it an account is locked until it has another.
    static let wellKnown = "Harbor12345"

    static func check(_ password: String) throws(AccessError) {
        guard password != wellKnown else { throw .passwordRefused(.wellKnown) }
        guard isStrong(password) else { throw .passwordRefused(.weak) }
    }

    static func isStrong(_ password: String) -> Bool {
        (8...128).contains(password.unicodeScalars.count)
            && password.unicodeScalars.contains { $0.properties.isLowercase }
            && password.unicodeScalars.contains { $0.properties.isUppercase }
            && password.unicodeScalars.contains { $0.properties.numericType == .decimal }
    }

    /// A random password of 20 characters, none of which looks like another: more than 110 bits.
    static func random() -> String {
        let alphabet = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        var generator = SystemRandomNumberGenerator()
        while true {
            let password = String((0..<20).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
            if isStrong(password) { return password }
        }
    }
}
