// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// The objects of a container, seen and deleted behind the driver's back through OpenStack Swift's API.
struct StoredObjects {
    private struct Entry: Decodable {
        let name: String
        let bytes: Int
    }

    let host: String
    let user: String
    let key: String
    let container: String

    /// Deletes every object below a folder whose size, in bytes, is `size`.
    func delete(below folder: String, size: Int) async throws {
        var login = HTTPClientRequest(url: "http://\(host)/auth/v1.0")
        login.headers.add(name: "X-Auth-User", value: user)
        login.headers.add(name: "X-Auth-Key", value: key)
        let answer = try await HTTPClient.shared.execute(login, timeout: .seconds(30))
        guard let token = answer.headers.first(name: "x-auth-token"),
            let storage = answer.headers.first(name: "x-storage-url")
        else { throw ToolFailure(what: "\(host) does not let \(user) in: \(answer.status)") }
        let bytes = try await send("GET", "\(storage)/\(container)?format=json&prefix=\(folder)/", token)
        let doomed = try JSONDecoder().decode([Entry].self, from: Data(bytes)).filter { $0.bytes == size }
        if doomed.isEmpty { throw ToolFailure(what: "\(container)/\(folder) has no object of \(size) bytes") }
        for entry in doomed { _ = try await send("DELETE", "\(storage)/\(container)/\(entry.name)", token) }
    }

    private func send(_ method: String, _ url: String, _ token: String) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        request.headers.add(name: "X-Auth-Token", value: token)
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        guard (200...299).contains(answer.status.code) else {
            throw ToolFailure(what: "\(method) \(url): \(answer.status)")
        }
        return Array(buffer: try await answer.body.collect(upTo: 8 << 20))
    }
}
