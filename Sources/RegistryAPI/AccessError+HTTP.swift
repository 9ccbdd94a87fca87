// SPDX-License-Identifier: Apache-2.0
import Access
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import OCI

extension AccessError {
    /// The one place where refusals of access become answers of the distribution API.
    func failure(for request: Request, _ context: HavenRequestContext) -> RegistryFailure {
        switch self {
        case .unauthenticated(let challenge):
            RegistryFailure(
                .unauthorized, .unauthorized, message,
                headers: [.wwwAuthenticate: challenge.header(for: request, context)])
        case .badCredentials, .passwordMustChange:
            RegistryFailure(.unauthorized, .unauthorized, message, headers: [.wwwAuthenticate: Challenge.basic])
        case .throttled(let delay):
            RegistryFailure(
                .tooManyRequests, .tooManyRequests, message, headers: [.retryAfter: "\(delay.wholeSeconds)"])
        case .busy(let delay):
            RegistryFailure(
                .serviceUnavailable, .unavailable, message, headers: [.retryAfter: "\(delay.wholeSeconds)"])
        case .denied:
            RegistryFailure(.forbidden, .denied, message)
        case .projectUnknown:
            RegistryFailure(.notFound, .nameUnknown, message)
        case .metadata(let cause):
            RegistryFailure(
                .serviceUnavailable, .unavailable, message, headers: RegistryFailure.retryLater, cause: "\(cause)")
        default:
            RegistryFailure(.badRequest, .unsupported, message)
        }
    }
}

extension Challenge {
    /// Asks for a name and a password with the request itself.
    static let basic = #"Basic realm="harbor""#

    /// The challenge that sends a client to the token service: the Docker token flow.
    ///
    /// The realm has the scheme and the host the client used, for that is where it can reach the service. The list of all
    /// repositories asks for Basic, as Harbor does; but who has a token already (podman) is told which one is needed.
    func header(for request: Request, _ context: HavenRequestContext) -> String {
        if scope == Challenge.catalogScope, fault == nil { return Challenge.basic }
        var text =
            #"Bearer realm="\#(context.clientScheme)://\#(context.host)/service/token",service="harbor-registry""#
        if let scope { text += #",scope="\#(scope)""# }
        if let fault { text += #",error="\#(fault.rawValue)""# }
        return text
    }
}
