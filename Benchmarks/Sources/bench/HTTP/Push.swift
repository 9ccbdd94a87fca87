// SPDX-License-Identifier: Apache-2.0

/// A client that pushes to one repository over one connection.
struct Pusher {
    let connection: Connection
    let repository: String
    let authorization: [(String, String)]

    init(_ server: any RegistryServer, _ repository: String) throws {
        connection = try Connection(port: server.port)
        self.repository = repository
        authorization = try server.authorization(for: repository)
    }

    /// True when the registry says it has the blob.
    func has(_ digest: String) throws -> Bool {
        try connection.send("HEAD", "/v2/\(repository)/blobs/\(digest)", authorization).status == 200
    }

    /// POST, then one PUT with the whole body, as containerd does.
    func put(_ body: Body, _ digest: String) throws {
        let location = try startUpload()
        try finish(location, digest, body)
    }

    /// POST, one PATCH of unknown length, then an empty PUT, as docker does.
    func patch(_ body: Body, _ digest: String) throws {
        let location = try startUpload()
        let headers = authorization + [("Content-Type", "application/octet-stream")]
        let answer = try expect(202, connection.send("PATCH", location, headers, body: body))
        try finish(try self.location(of: answer), digest, .none)
    }

    func putManifest(_ bytes: [UInt8], _ reference: String) throws {
        let headers = authorization + [("Content-Type", Image.manifestType)]
        let path = "/v2/\(repository)/manifests/\(reference)"
        try expect(201, connection.send("PUT", path, headers, body: .bytes(bytes)))
    }

    /// Each blob asked for, then pushed when absent, then the manifest.
    func push(_ image: Image, tag: String) throws {
        for blob in image.blobs where try !has(blob.digest) { try put(.bytes(blob.bytes), blob.digest) }
        try putManifest(image.manifest, tag)
    }

    private func startUpload() throws -> String {
        try location(of: expect(202, connection.send("POST", "/v2/\(repository)/blobs/uploads/", authorization)))
    }

    private func finish(_ location: String, _ digest: String, _ body: Body) throws {
        let headers = authorization + [("Content-Type", "application/octet-stream")]
        let target = location + (location.contains("?") ? "&" : "?") + "digest=\(digest)"
        try expect(201, connection.send("PUT", target, headers, body: body))
    }

    /// The upload's path: docker-registry answers with an absolute address, Haven with a path.
    private func location(of answer: Answer) throws -> String {
        guard let location = answer.headers["location"], let path = location.range(of: "/v2/") else {
            throw BenchmarkFailure("no Location in an answer to an upload")
        }
        return String(location[path.lowerBound...])
    }

    @discardableResult
    private func expect(_ status: Int, _ answer: Answer) throws -> Answer {
        guard answer.status == status else {
            let said = String(decoding: answer.body.prefix(300), as: UTF8.self)
            throw BenchmarkFailure("\(answer.status) instead of \(status): \(said)")
        }
        return answer
    }
}
