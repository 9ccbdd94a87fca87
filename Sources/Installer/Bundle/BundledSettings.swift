// SPDX-License-Identifier: Apache-2.0

package import HavenServer

/// The settings of an installation whose files may still lie in a bundle.
///
/// Servers are asked, and keys and certificates compared, before anything is put in its place. So what is looked at names the
/// files of the bundle wherever the place is empty.
package struct BundledSettings: Sendable {
    /// As the installed server will read them.
    package let installed: Settings
    /// As they are looked at now.
    package let looked: Settings

    /// - Parameters:
    ///   - file: The settings' file.
    ///   - source: The unpacked folder.
    /// - Throws: All faults together.
    package init(file: String, source: String, environment: [String: String]) throws(SettingsError) {
        let awaited = BundledFiles(source).filter { SmallFile.isAbsent($0.place) }
        var values: [String: String] = [:]
        for entry in ConfigFile(parsing: SmallFile.read(file) ?? []).entries {
            // A value may hold a path among other things, as the options of a store do.
            let value = awaited.reduce(entry.value) { $0.replacing($1.place, with: $1.source) }
            if value != entry.value { values[entry.key] = value }
        }
        looked = try Settings.load(file: file, flags: values, environment: environment)
        installed =
            values.isEmpty ? looked : (try? Settings.load(file: file, flags: [:], environment: environment)) ?? looked
    }
}
