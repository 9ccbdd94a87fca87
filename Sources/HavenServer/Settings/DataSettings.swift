// SPDX-License-Identifier: Apache-2.0

/// Where a node keeps its data.
package struct DataSettings: Sendable {
    /// Everything a node keeps on disk is below this folder, unless another setting names a place.
    package let folder: String
    /// The folder that holds the file `secretkey`.
    package let secretKeyFolder: String
    /// Where blobs are kept.
    package let storage: StorageSettings
    /// The folder of the filesystem store, also when another one is used.
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
        let storage = StorageSettings(&reader, folder: folder)
        self.storage = storage
        storageRoot = storage.fileRoot ?? folder + "/registry"
        diskReserveBytes = reader.read(
            Setting(
                "disk_reserve", .bytes, default: 512 << 20,
                "Free disk space to keep. Below it pushes are refused and pulls go on."))
    }
}
