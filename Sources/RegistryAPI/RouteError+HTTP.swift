// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import OCI

extension RouteError {
    /// The one place where unreadable requests become answers.
    var failure: RegistryFailure {
        switch self {
        case .unknown:
            RegistryFailure(.notFound, .unsupported, "no such endpoint; see the distribution specification")
        case .path(let message):
            RegistryFailure(.badRequest, .nameInvalid, message)
        case .name(let text):
            RegistryFailure(
                .badRequest, .nameInvalid,
                "the repository name must be project/name: lower-case letters, digits and single . _ - or __ between them, "
                    + "at most 255 characters", detail: [shortened(text)])
        case .tag(let text):
            RegistryFailure(
                .badRequest, .tagInvalid,
                "a tag is 1 to 128 letters, digits, . _ or -, and begins with a letter, digit or _",
                detail: [shortened(text)])
        case .digest(let text):
            RegistryFailure(
                .badRequest, .digestInvalid, "a digest is sha256: or sha512: and lower-case hexadecimal digits",
                detail: [shortened(text)])
        case .uploadUnknown:
            RegistryFailure(.notFound, .blobUploadUnknown, "no such upload here; begin a new one with POST")
        case .malformed(let message):
            RegistryFailure(.badRequest, .blobUploadInvalid, message)
        case .page(let message):
            RegistryFailure(.badRequest, .paginationNumberInvalid, message)
        case .missingDigest:
            RegistryFailure(.badRequest, .digestInvalid, "the parameter digest is missing")
        case .methodNotAllowed(let methods):
            RegistryFailure(
                .methodNotAllowed, .unsupported, "this endpoint takes \(methods.joined(separator: ", "))",
                headers: [.allow: methods.joined(separator: ", ")])
        }
    }

    /// The specification's code for what is wrong.
    package var code: String { failure.code.rawValue }

    /// Enough of a client's text to recognise it by.
    private func shortened(_ text: String) -> String {
        text.utf8.count <= 300 ? text : String(text.prefix(200)) + "…"
    }
}
