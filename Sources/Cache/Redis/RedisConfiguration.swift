// SPDX-License-Identifier: Apache-2.0

/// Where a Redis is and how to get in.
package struct RedisConfiguration: Sendable, Hashable {
    /// A host and a port.
    package struct Address: Sendable, Hashable, CustomStringConvertible {
        /// A name or an IP address, without brackets.
        package let host: String
        package let port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// How the server that takes writes is found.
    package enum Place: Sendable, Hashable {
        case server(Address)
        /// Any of the sentinels knows the primary of that name.
        case sentinels([Address], master: String)
    }

    /// What the connections are protected by.
    package enum Encryption: Sendable, Hashable {
        case none
        /// TLS; the server's certificate must come from an authority that the machine trusts, and name the server.
        case systemAuthorities
        /// The same with the authorities of a PEM file.
        case authorities(file: String)
    }

    package var place: Place
    package var login: RedisLogin
    /// How to get in at the sentinels, which have passwords of their own.
    package var sentinelLogin: RedisLogin
    /// The number of the database, from 0.
    package var database: Int
    package var encryption: Encryption
    /// How long a request waits for a reply, at most.
    package var timeout: Duration
    /// How long each step of making a connection may take, and a sign of life.
    package var dialTimeout: Duration

    package init(
        place: Place, login: RedisLogin = RedisLogin(), sentinelLogin: RedisLogin = RedisLogin(), database: Int = 0,
        encryption: Encryption = .none, timeout: Duration = .milliseconds(50), dialTimeout: Duration = .seconds(1)
    ) {
        self.place = place
        self.login = login
        self.sentinelLogin = sentinelLogin
        self.database = database
        self.encryption = encryption
        self.timeout = timeout
        self.dialTimeout = dialTimeout
    }

    /// The addresses, for people: without user and password.
    package var addresses: String {
        switch place {
        case .server(let address): "\(address)"
        case .sentinels(let addresses, let master):
            "the primary '\(master)' by way of \(addresses.map(\.description).joined(separator: ", "))"
        }
    }
}

/// A user and a password; both may be absent. The password is never shown.
package struct RedisLogin: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The user of an access list; nil for Redis' `default`.
    package let user: String?
    let password: String?

    package init(user: String? = nil, password: String? = nil) {
        self.user = user
        self.password = password
    }

    /// Whether there is anything to keep secret.
    package var hasPassword: Bool { password != nil }

    package var description: String { "\(user ?? "default"):\(password == nil ? "" : "•••")" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// The command that proves it; nil when there is nothing to prove.
    var command: RedisCommand? {
        guard let password else { return nil }
        return user.map { RedisCommand("AUTH", $0, password) } ?? RedisCommand("AUTH", password)
    }
}
