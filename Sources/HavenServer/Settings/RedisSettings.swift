// SPDX-License-Identifier: Apache-2.0
package import Cache

/// The Redis that nodes share, if there is one.
package struct RedisSettings: Sendable {
    /// Where it is and how to get in; nil when no Redis is used.
    package let configuration: RedisConfiguration?

    init(_ reader: inout SettingReader) {
        let parts = RedisParts(&reader)
        configuration = parts.url == nil ? nil : parts.configuration(&reader)
        if parts.url == nil { parts.checkUnused(&reader) }
    }
}

/// The settings as they are given, before they are put together.
private struct RedisParts {
    let url: Secret?
    let master: String
    let user: String
    let password: Secret?
    let sentinelUser: String
    let sentinelPassword: Secret?
    let isEncrypted: Bool
    let authorities: String?

    init(_ reader: inout SettingReader) {
        url = reader.read(
            Setting(
                "redis_url", .optional(.secret), default: nil, origin: .harbor,
                "The Redis that the nodes of a cluster share: `host:port[,weight,password,db]` as in Harbor, or "
                    + "`redis://[user:password@]host[:port][/db]`, `rediss://…` for TLS, "
                    + "`redis+sentinel://host[:port],…/master[/db]`. It makes things faster; without it nothing is lost."
            ))
        master = reader.read(
            Setting(
                "redis_sentinel_master", .line, default: "",
                "The name of the primary that the sentinels watch. When it is set, the addresses in redis_url are those "
                    + "of sentinels: `host:port,host:port,host:port`."))
        user = reader.read(
            Setting("redis_user", .line, default: "", "The user of Redis' access list, when it is not `default`."))
        password = reader.read(
            Setting(
                "redis_password", .optional(.secret), default: nil,
                "The password at Redis, when it does not stand in redis_url."))
        sentinelUser = reader.read(
            Setting("redis_sentinel_user", .line, default: "", "The user at the sentinels, when it is not `default`."))
        sentinelPassword = reader.read(
            Setting("redis_sentinel_password", .optional(.secret), default: nil, "The password at the sentinels."))
        isEncrypted = reader.read(
            Setting("redis_tls", .onOff, default: false, "Whether Redis and its sentinels are reached by TLS."))
        authorities = reader.read(
            Setting(
                "redis_ca_file", .optional(.path), default: nil, shown: "the authorities of the machine",
                "A PEM file with the authorities that sign Redis' certificate, for TLS."))
    }

    /// Keys that do nothing alone are a mistake: somebody believes in a Redis that is not used.
    func checkUnused(_ reader: inout SettingReader) {
        for key in ["redis_sentinel_master", "redis_user", "redis_password", "redis_sentinel_user"]
            + ["redis_sentinel_password", "redis_tls", "redis_ca_file"]
        where reader.isGiven(key) {
            reader.warn(key, "redis_url is not set, so no Redis is used")
        }
    }

    func configuration(_ reader: inout SettingReader) -> RedisConfiguration? {
        guard let text = url?.reveal() else { return nil }
        let read: RedisURL
        do throws(RedisURLFault) {
            read = try RedisURL(parsing: text, isSentinel: !master.isEmpty)
        } catch {
            reader.fault("redis_url", error.description)
            return nil
        }
        checkTwice(read, &reader)
        guard let place = place(of: read, &reader) else { return nil }
        var configuration = RedisConfiguration(place: place)
        let name = read.user ?? (user.isEmpty ? nil : user)
        configuration.login = RedisLogin(user: name, password: read.password ?? password?.reveal())
        configuration.sentinelLogin = RedisLogin(
            user: sentinelUser.isEmpty ? nil : sentinelUser, password: sentinelPassword?.reveal())
        configuration.database = read.database ?? 0
        if read.isEncrypted || isEncrypted {
            configuration.encryption = authorities.map { .authorities(file: $0) } ?? .systemAuthorities
        } else if authorities != nil {
            reader.fault("redis_ca_file", "redis_tls is off; set redis_tls = on, or write rediss:// in redis_url")
        }
        if name != nil, read.password == nil, password == nil {
            reader.fault("redis_user", "a user needs a password; set redis_password")
        }
        return configuration
    }

    /// What is said at two places must not differ, and nobody can see whether it does.
    private func checkTwice(_ read: RedisURL, _ reader: inout SettingReader) {
        if read.password != nil, password != nil {
            reader.fault("redis_password", "redis_url holds a password too; keep one of the two")
        }
        if read.user != nil, !user.isEmpty {
            reader.fault("redis_user", "redis_url names a user too; keep one of the two")
        }
        if read.master != nil, !master.isEmpty {
            reader.fault("redis_sentinel_master", "redis_url names a primary too; keep one of the two")
        }
    }

    private func place(of read: RedisURL, _ reader: inout SettingReader) -> RedisConfiguration.Place? {
        if let name = read.master ?? (master.isEmpty ? nil : master) {
            return .sentinels(read.addresses, master: name)
        }
        if !sentinelUser.isEmpty || sentinelPassword != nil {
            reader.warn("redis_sentinel_password", "redis_sentinel_master is not set, so no sentinel is asked")
        }
        guard read.addresses.count == 1 else {
            reader.fault(
                "redis_url",
                "several addresses are those of sentinels; set redis_sentinel_master to the name of the primary "
                    + "that they watch")
            return nil
        }
        return read.addresses.first.map { .server($0) }
    }
}
