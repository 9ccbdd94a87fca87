// SPDX-License-Identifier: Apache-2.0

/// Why a token is refused. Clients hear only that it is; the reason is for the log and for tests.
enum TokenFault: Error, Sendable, Hashable {
    case malformed
    case wrongAlgorithm
    /// No key of ours has this name.
    case unknownKey(String)
    case wrongSignature
    case otherIssuer
    case otherAudience
    case expired
    case notYetValid
}
