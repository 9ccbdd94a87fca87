// SPDX-License-Identifier: Apache-2.0

/// Why a token is refused. Clients hear only that it is; the reason is for the log and for tests.
enum TokenFault: String, Error, Sendable {
    case malformed
    case wrongAlgorithm
    case unknownKey
    case wrongSignature
    case otherIssuer
    case otherAudience
    case expired
    case notYetValid
}
