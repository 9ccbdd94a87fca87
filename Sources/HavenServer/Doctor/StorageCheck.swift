// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import FoundationEssentials
import Glibc
import Logging

/// Whether the object store of the settings takes an object, gives it back and deletes it.
enum StorageCheck {
    static func finding(_ settings: Settings) async -> Finding {
        let name = settings.data.storage.provider.rawValue
        let opened: Result<any BlobStore, BlobStorageError>
        // The look changes nothing on this machine, so parts wait in a folder of its own.
        let spool = ProbeFolder.make()
        defer { ProbeFolder.remove(spool) }
        do throws(BlobStorageError) {
            opened = .success(try await settings.openBlobs(logger: Logger(label: "haven"), spoolFolder: spool))
        } catch {
            opened = .failure(error)
        }
        guard case .success(let store) = opened else {
            return StorageBlame(opened.failureText).finding(name, key: key)
        }
        let start = ContinuousClock.now
        let probed: Result<Void, BlobStorageError>
        do throws(BlobStorageError) { probed = .success(try await store.probe()) } catch { probed = .failure(error) }
        await store.close()
        guard case .success = probed else {
            return StorageBlame(probed.failureText).finding(name, key: key)
        }
        let time = Int(start.duration(to: .now) / .milliseconds(1))
        return Finding(
            .good, "object store", "\(name) took a small object, gave it back and deleted it in \(time) ms")
    }

    private static let key = "registry_storage_provider_config"
}

extension Result where Failure == BlobStorageError {
    fileprivate var failureText: String {
        guard case .failure(let error) = self else { return "" }
        switch error {
        case .refused(let text), .unreachable(let text), .lost(let text), .invalid(let text): return text
        case .full: return "the store says that it is full"
        case .notFound: return "what was written just now is not found"
        }
    }
}

/// A folder in the machine's temporary one, for the time of a look.
private enum ProbeFolder {
    static func make() -> String {
        let path = "/tmp/haven-probe-\(UInt64.random(in: .min ... .max))"
        mkdir(path, 0o700)
        return path
    }

    static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// What helps against the refusal of an object store.
private struct StorageBlame {
    private static let signs = [
        ("NoSuchBucket", "make the bucket, or name another"), (" 404", "make the container, or name another"),
        (" 401", "look at the account and its key"), (" 403", "look at the account, its key and what it may write"),
    ]

    private let words: String

    init(_ words: String) {
        self.words = words
    }

    func finding(_ store: String, key: String) -> Finding {
        let remedy = Self.signs.first { words.contains($0.0) }?.1 ?? "look at the address and the options"
        return Finding(.fault, "object store", "\(store): \(words); \(remedy)", key: key)
    }
}
