// SPDX-License-Identifier: Apache-2.0

/// All settings of one process: read once, checked together, then only handed down.
package struct Settings: Sendable {
    package let listener: ListenerSettings
    package let data: DataSettings
    package let database: DatabaseSettings
    package let redis: RedisSettings
    package let scanner: ScannerSettings
    package let identity: IdentitySettings
    package let logs: LogSettings
    package let lifecycle: LifecycleSettings
    package let limits: LimitSettings
    package let cluster: ClusterSettings

    /// Whether the file was Harbor's.
    package let isHarborFile: Bool
    /// The file that was read; nil when there was none.
    package let filePath: String?
    /// Every setting with its value and source, in the order of the reference page.
    package let described: [SettingDescription]
    /// What works but deserves a look: keys without effect, unknown variables, Harbor's default password.
    package let warnings: [SettingFault]

    /// Reads every setting from sources that are at hand.
    ///
    /// - Throws: All faults together.
    package init(_ sources: SettingSources) throws(SettingsError) {
        var reader = SettingReader(sources)
        _ = reader.read(
            Setting(
                "_version", .line, default: "", origin: .harbor,
                "The format of Harbor's file. A file that has it gets Harbor's defaults: ports 80 and 443, data "
                    + "in /data, db_type mariadb."))
        listener = ListenerSettings(&reader)
        data = DataSettings(&reader)
        database = DatabaseSettings(&reader)
        redis = RedisSettings(&reader)
        scanner = ScannerSettings(&reader)
        identity = IdentitySettings(&reader)
        let isEmbedded = database.kind == .sqlite && listener.trustedProxies.isEmpty
        lifecycle = LifecycleSettings(
            &reader, isEmbedded: isEmbedded, hasOneClock: database.kind == .sqlite)
        limits = LimitSettings(&reader)
        cluster = ClusterSettings(&reader)
        logs = LogSettings(&reader)
        UnusedSettings.read(&reader)
        reader.checkUnknownKeys()

        isHarborFile = sources.isHarborFile
        filePath = sources.file == nil ? nil : sources.filePath
        described = reader.described
        warnings = reader.warnings
        if !reader.faults.isEmpty { throw SettingsError(faults: reader.faults) }
    }
}
