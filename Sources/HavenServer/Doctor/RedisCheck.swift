// SPDX-License-Identifier: Apache-2.0

import Cache

/// Whether the Redis of the settings lets us in and answers. Nothing is lost without it, so it is no fault.
enum RedisCheck {
    static func findings(_ settings: RedisSettings) async -> [Finding] {
        guard let configuration = settings.configuration else { return [] }
        let addresses = configuration.addresses
        if let reason = await RedisClient.reasonForSilence(of: configuration) {
            return [
                Finding(
                    .warning, "redis",
                    "\(addresses) cannot be used: \(reason); everything works without it, more slowly",
                    key: "redis_url")
            ]
        }
        if configuration.sendsPasswordInClear {
            return [
                Finding(
                    .warning, "redis",
                    "\(addresses) answers; the password goes over the network in clear: set redis_tls = on")
            ]
        }
        return [Finding(.good, "redis", "\(addresses) lets us in and answers")]
    }
}

extension RedisConfiguration {
    /// Whether somebody on the way can read a password.
    fileprivate var sendsPasswordInClear: Bool {
        guard encryption == .none, login.hasPassword || sentinelLogin.hasPassword else { return false }
        let hosts =
            switch place {
            case .server(let address): [address.host]
            case .sentinels(let addresses, _): addresses.map(\.host)
            }
        return !hosts.allSatisfy { $0 == "localhost" || $0 == "::1" || $0.hasPrefix("127.") }
    }
}
