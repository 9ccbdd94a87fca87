// SPDX-License-Identifier: Apache-2.0

/// Where a node keeps its data.
package struct DataSettings: Sendable {
    /// Where blobs are kept.
    package enum Provider: String, CaseIterable, Sendable { case filesystem, s3, gcs, azure, swift, oss }

    /// Everything a node keeps on disk is below this folder, unless another setting names a place.
    package let folder: String
    /// The folder that holds the file `secretkey`.
    package let secretKeyFolder: String
    /// The folder of the filesystem store.
    package let storageRoot: String
    package let diskReserveBytes: Int64

    init(_ reader: inout SettingReader) {
        folder = reader.read(
            Setting(
                "data_volume", .path, default: "./haven-data", harbor: "/data",
                "The folder of everything a node keeps on disk: database, keys and, unless "
                    + "registry_storage_provider_config names another place, blobs."))
        secretKeyFolder = reader.read(
            Setting(
                "secretkey_path", .path, default: folder, harbor: "/data", shown: "the folder of data_volume",
                origin: .harbor,
                "The folder with the file secretkey, which encrypts secrets at rest. The file is made once; "
                    + "nodes of a cluster share it."))
        let provider = reader.read(
            Setting(
                "registry_storage_provider_name", SettingForm<Provider>.choice, default: .filesystem, origin: .harbor,
                "Where blobs are kept. This version has filesystem."))
        if provider != .filesystem {
            reader.fault(
                "registry_storage_provider_name",
                "\(provider.rawValue) is not built yet in this version; use "
                    + "filesystem")
        }
        let options = reader.read(
            Setting(
                "registry_storage_provider_config", .pairs, default: [:], origin: .harbor,
                "Options of the store. The filesystem store takes rootdirectory, the folder of the blobs; "
                    + "without it they are in registry below data_volume."))
        storageRoot = options["rootdirectory"] ?? folder + "/registry"
        diskReserveBytes = reader.read(
            Setting(
                "disk_reserve", .bytes, default: 512 << 20,
                "Free disk space to keep. Below it pushes are refused and pulls go on."))
        check(options, &reader)
    }

    private func check(_ options: [String: String], _ reader: inout SettingReader) {
        for key in options.keys.sorted() where key != "rootdirectory" {
            let message = "the filesystem store has no option \(shortened(key))"
            if key == "maxthreads" {
                reader.warn("registry_storage_provider_config", message + "; it has no effect")
            } else {
                reader.fault("registry_storage_provider_config", message + "; it takes rootdirectory")
            }
        }
        if let root = options["rootdirectory"], SettingForm<String>.path.parse(root) == nil {
            reader.fault(
                "registry_storage_provider_config",
                "rootdirectory must be "
                    + "\(SettingForm<String>.path.accepts)")
        }
    }
}
