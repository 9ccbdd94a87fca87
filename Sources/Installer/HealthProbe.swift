// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
package import HavenServer
import NIOCore
import NIOHTTP1
import NIOSSL

/// Asks the server of some settings, from its own host, whether it wants requests.
package struct HealthProbe: Sendable {
    /// Where it is asked; nil when it listens nowhere that can be asked.
    package let url: String?

    package init(_ settings: ListenerSettings) {
        let isSecure = settings.redirectsToHTTPS || settings.httpPort == 0
        let port = isSecure ? settings.httpsPort : settings.httpPort
        let scheme = isSecure ? "https" : "http"
        url =
            settings.listen.compactMap { place -> String? in
                switch place {
                case .address("0.0.0.0"): "\(scheme)://127.0.0.1:\(port)/healthz"
                case .address("::"): "\(scheme)://[::1]:\(port)/healthz"
                case .address(let host): "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)/healthz"
                case .unixSocket: nil
                }
            }.first
    }

    /// Asks until the answer is 200.
    ///
    /// - Returns: Whether it was, within `limit`.
    package func waitUntilHealthy(within limit: Duration) async -> Bool {
        guard let url else { return true }
        let client = HTTPClient(configuration: Self.configuration)
        let end = ContinuousClock.now + limit
        var isHealthy = false
        while !isHealthy, ContinuousClock.now < end, !Task.isCancelled {
            let answer = try? await client.execute(HTTPClientRequest(url: url), timeout: .seconds(2))
            isHealthy = answer?.status == .ok
            if !isHealthy { try? await Task.sleep(for: .milliseconds(200)) }
        }
        try? await client.shutdown()
        return isHealthy
    }

    /// The host is asked by an address that no certificate names, so its name is not compared.
    private static var configuration: HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}

extension Settings {
    /// What an operator does next, in lines.
    ///
    /// - Parameter config: The file of the settings, when commands do not find it by themselves.
    package func loginText(config: String? = nil) -> String {
        let named = config.flatMap { Settings.defaultFiles.contains($0) ? nil : " --config \($0)" } ?? ""
        let port = listener.scheme == .https ? listener.httpsPort : listener.httpPort
        let registry = registryHost ?? "127.0.0.1:\(port)"
        return """
            Haven serves at \(listener.scheme.rawValue)://\(registry)
              docker login -u admin \(registry)
            The password of admin was printed when its account was made; this sets another:
              haven user password admin --password-stdin\(named)
            """
    }
}
