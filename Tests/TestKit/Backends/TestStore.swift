// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The kinds of shared storage, each on a real server, an emulator or a double.
package enum TestStore: String, CaseIterable, Sendable {
    case filesystem, swift, s3, azure, gcs, oss

    /// Runs `body` with the lines of `haven.cfg` that name a store of this kind with nothing in it.
    package func with<Result>(_ body: ([String: String]) async throws -> Result) async throws -> Result {
        let folder = "f\(UInt64.random(in: .min ... .max))"
        switch self {
        case .filesystem:
            return try await withTemporaryFolder { try await body(lines("rootdirectory: \($0)/store")) }
        case .swift: return try await body(lines(try await Self.swift(folder)))
        case .s3: return try await body(lines(try await Self.s3(folder)))
        case .azure:
            let double = try await AzureDouble.start()
            let options =
                "accountname: \(double.account), accountkey: \(double.key), container: \(double.container), "
                + "serviceurl: \(double.endpoint), rootdirectory: /\(folder)"
            return try await finally(double.stop) { try await body(lines(options)) }
        case .gcs:
            let emulator = try await GoogleEmulator.shared()
            let front = try await GoogleFront.start(before: emulator)
            return try await finally(front.stop) {
                try await withTemporaryFolder { own in
                    let key = try front.writeKeyFile(in: own)
                    let place = "bucket: \(emulator.bucket), rootdirectory: \(folder), endpoint: \(front.endpoint)"
                    return try await body(lines("\(place), keyfile: \(key)"))
                }
            }
        case .oss:
            let double = try await OSSDouble.start()
            let options =
                "accesskeyid: \(double.accessKey), accesskeysecret: \(double.secret), region: oss-\(double.region), "
                + "bucket: \(double.bucket), endpoint: \(double.endpoint), forcepathstyle: true, "
                + "rootdirectory: /\(folder)"
            return try await finally(double.stop) { try await body(lines(options)) }
        }
    }

    /// OpenStack Swift behind Keystone.
    private static func swift(_ folder: String) async throws -> String {
        let store = try await SwiftStore.withKeystone()
        guard let identity = store.keystone else { throw ToolFailure(what: "the store has no Keystone") }
        return "username: \(Keystone.user), password: \(Keystone.password), authurl: \(identity.url)/identity/v3, "
            + "tenant: \(Keystone.project), domain: default, region: \(Keystone.region), "
            + "container: \(SwiftStore.container), prefix: \(folder)"
    }

    /// S3 on Ceph's gateway.
    private static func s3(_ folder: String) async throws -> String {
        let server = try await Radosgw.shared()
        return "accesskey: \(server.accessKey), secretkey: \(server.secretKey), region: us-east-1, "
            + "regionendpoint: \(server.url), bucket: \(server.bucket), rootdirectory: /\(folder)"
    }

    private func lines(_ options: String) -> [String: String] {
        ["registry_storage_provider_name": rawValue, "registry_storage_provider_config": options]
    }
}

/// Runs `body`, then `end`, whatever happens.
private func finally<Result>(_ end: () async -> Void, _ body: () async throws -> Result) async throws -> Result {
    do {
        let result = try await body()
        await end()
        return result
    } catch {
        await end()
        throw error
    }
}
