// SPDX-License-Identifier: Apache-2.0

package import CloudStorage
import OCI

/// Where blobs are kept: the one list of storage drivers.
package struct StorageSettings: Sendable {
    /// The words of `registry_storage_provider_name`.
    package enum Provider: String, CaseIterable, Sendable { case filesystem, s3, gcs, azure, swift, oss }

    /// A driver with its options.
    package enum Driver: Sendable {
        case filesystem(root: String)
        case s3(S3Options)
        case swift(SwiftOptions)
        case azure(AzureOptions)
        case gcs(GCSOptions)
        case oss(OSSOptions)
    }

    package let provider: Provider
    package let driver: Driver
    /// Whether clients are sent to the store itself where it can sign addresses.
    package let redirects: Bool
    /// A PEM file of authorities that vouch for the store; nil for the machine's.
    package let authorities: String?
    /// Where parts wait until an object store has them.
    package let spoolFolder: String

    private static let key = "registry_storage_provider_config"

    init(_ reader: inout SettingReader, folder: String) {
        provider = reader.read(
            Setting(
                "registry_storage_provider_name", SettingForm<Provider>.choice, default: .filesystem, origin: .harbor,
                "Where blobs are kept: in files, or in an object store."))
        let pairs = reader.read(
            Setting(
                Self.key, .pairs, default: [:], origin: .harbor,
                "Options of the store, by the names of the Docker registry's storage drivers. The filesystem store takes "
                    + "rootdirectory, the folder of the blobs; without it they are in registry below data_volume. For "
                    + "the others see the guide to object stores."))
        redirects = reader.read(
            Setting(
                "registry_storage_redirect", .onOff, default: true,
                "Whether a download is answered with the address of the object store, signed for 20 minutes, where the "
                    + "store can sign. Otherwise the bytes pass through this server, which compares their digest."))
        authorities = reader.read(
            Setting(
                "registry_storage_ca_bundle", .optional(.path), default: nil,
                "A file with the certificates (PEM) of the authorities of an object store, besides those of the machine."
            ))
        spoolFolder = folder + "/spool"
        var options = OptionReader(pairs)
        switch provider {
        case .filesystem: driver = Self.filesystem(&options, folder: folder)
        case .s3: driver = .s3(S3Options(&options))
        case .swift: driver = .swift(SwiftOptions(&options))
        case .azure: driver = .azure(AzureOptions(&options))
        case .gcs: driver = .gcs(GCSOptions(&options))
        case .oss: driver = .oss(OSSOptions(&options))
        }
        Self.report(options.faults(), of: provider, &reader)
    }

    /// The files that a node needs to come in to the store.
    package var files: [String] {
        guard case .gcs(let options) = driver else { return [authorities].compactMap { $0 } }
        return [authorities, options.keyFile].compactMap { $0 }
    }

    /// The folder of the filesystem store; nil when another one is used.
    package var fileRoot: String? {
        if case .filesystem(let root) = driver { root } else { nil }
    }

    private static func filesystem(_ options: inout OptionReader, folder: String) -> Driver {
        options.ignore(["maxthreads"], because: "it has no effect")
        guard let root = options.text("rootdirectory") else { return .filesystem(root: folder + "/registry") }
        if SettingForm<String>.path.parse(root) == nil {
            options.fault(.wrong("rootdirectory", accepts: SettingForm<String>.path.accepts))
        }
        return .filesystem(root: root)
    }

    /// Everything wrong in one fault, so that the next start finds nothing new.
    private static func report(_ faults: [OptionFault], of provider: Provider, _ reader: inout SettingReader) {
        var texts: [String] = []
        for fault in faults {
            switch fault {
            case .missing(let key): texts.append("\(shortened(key)) is missing")
            case .wrong(let key, let accepts): texts.append("\(shortened(key)) must be \(accepts)")
            case .unknown(let key, let known):
                let hint = nearest(to: key, among: known).map { "; did you mean \($0)?" }
                texts.append(
                    "the \(provider.rawValue) store has no option \(shortened(key))"
                        + (hint ?? "; it takes \(known.joined(separator: ", "))"))
            case .idle(let key, let reason): reader.warn(Self.key, "\(shortened(key)): \(reason)")
            }
        }
        if !texts.isEmpty { reader.fault(Self.key, texts.joined(separator: ". ")) }
    }
}
