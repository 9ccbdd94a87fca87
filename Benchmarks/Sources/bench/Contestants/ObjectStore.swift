// SPDX-License-Identifier: Apache-2.0
import Foundation

/// An object store on loopback, with a container for each registry.
protocol ObjectStore: AnyObject {
    /// What the table calls it.
    var title: String { get }
    /// Haven's settings of its container, as variables.
    var havenSettings: [String: String] { get }
    /// docker-registry's settings of its container: the entry of `storage` in YAML.
    var dockerRegistrySettings: String { get }
    /// The way in that needs no signature.
    var account: StoreAccount { get }
}

/// The containers of the two registries.
enum StoreContainer {
    static let haven = "haven"
    static let dockerRegistry = "docker-registry"
    static let all = [haven, dockerRegistry]
}

extension ObjectStore {
    /// Everything that both containers hold: `container/name`.
    func objects() throws -> Set<String> {
        try StoreContainer.all.reduce(into: []) { $0.formUnion(try account.objects(in: $1)) }
    }

    func delete(_ objects: Set<String>) throws {
        for object in objects { try account.delete(object) }
    }
}

/// An account at a store that speaks OpenStack Swift's API with its old login; Ceph's gateway does, too.
struct StoreAccount {
    private let port: Int
    private let path: String
    private let headers: [(String, String)]

    /// Logs in, trying for half a minute: a store that just started may not know its accounts yet.
    init(port: Int, user: String, key: String) throws {
        self.port = port
        let deadline = now() + 30
        while true {
            let login = [("X-Auth-User", user), ("X-Auth-Key", key)]
            let answer = try? Connection(port: port).send("GET", "/auth/v1.0", login)
            if let answer, let token = answer.headers["x-auth-token"], let url = answer.headers["x-storage-url"],
                let path = URL(string: url)?.path
            {
                self.path = path
                headers = [("X-Auth-Token", token)]
                return
            }
            guard now() < deadline else {
                throw BenchmarkFailure("the store does not let \(user) in: \(answer?.status ?? 0)")
            }
            usleep(100_000)
        }
    }

    func makeContainer(_ name: String) throws {
        try send("PUT", name, 200...299)
    }

    func objects(in container: String) throws -> [String] {
        let answer = try send("GET", "\(container)?limit=10000", 200...299)
        return String(decoding: answer.body, as: UTF8.self).split(separator: "\n").map { "\(container)/\($0)" }
    }

    /// Deletes an object; one that went with another is gone already.
    func delete(_ object: String) throws {
        let name = object.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? object
        try send("DELETE", name, 200...404)
    }

    @discardableResult
    private func send(_ method: String, _ name: String, _ wanted: ClosedRange<Int>) throws -> Answer {
        let answer = try Connection(port: port).send(method, "\(path)/\(name)", headers)
        guard wanted.contains(answer.status) else {
            throw BenchmarkFailure("the store answers \(method) \(name) with \(answer.status)")
        }
        return answer
    }
}
