// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A bare client of the distribution protocol: it sends what a test says and shows the whole answer.
///
/// It adds nothing but authorization, follows no redirect unless told to, and interprets no body. With credentials it answers the
/// server's challenge as clients do, by fetching a token for exactly the scope that was asked, and remembers it.
///
///     let client = RegistryClient(haven.url, user: "admin", password: haven.adminPassword)
///     let answer = try await client.send("GET", "/v2/library/app/tags/list")
///     #expect(answer.status == 200)
package final class RegistryClient: Sendable {
    /// Scheme, host and port, without a slash at the end.
    package let url: String
    private let credentials: (user: String, password: String)?
    private let followsRedirects: Bool
    private let tokens = Mutex<[String: String]>([:])

    package init(_ url: String) {
        self.url = url
        credentials = nil
        followsRedirects = false
    }

    /// - Parameter followsRedirects: Whether a download that is led to a store is fetched there, as clients do.
    package init(_ url: String, user: String, password: String, followsRedirects: Bool = false) {
        self.url = url
        self.followsRedirects = followsRedirects
        credentials = (user, password)
    }

    /// How a request is authorized.
    package enum Authorization: Sendable {
        /// Answer a challenge, when there are credentials or the server offers anonymous tokens.
        case answeringChallenge
        /// Send no `Authorization` at all and show the server's first answer.
        case none
        /// Send user and password with the first request.
        case basic
        /// Send this text as the `Authorization` header.
        case verbatim(String)
    }

    /// Sends one request.
    ///
    /// - Parameters:
    ///   - target: Path and query, or a whole URL such as a `Location` that the server gave.
    ///   - body: The body; its `Content-Length` is set by itself.
    ///   - streamed: Sends the body with chunked transfer coding, of unknown length, instead.
    package func send(
        _ method: String, _ target: String, _ headers: [String: String] = [:], body: [UInt8]? = nil,
        streamed: Bool = false, as authorization: Authorization = .answeringChallenge
    ) async throws -> Answer {
        let exchange = Exchange(method: method, target: target, headers: headers, body: body, streamed: streamed)
        switch authorization {
        case .none: return try await perform(exchange, authorization: nil)
        case .verbatim(let text): return try await perform(exchange, authorization: text)
        case .basic: return try await perform(exchange, authorization: basic)
        case .answeringChallenge: return try await performAnsweringChallenge(exchange)
        }
    }

    /// Fetches a token as clients do.
    ///
    /// - Parameter scopes: Such as `repository:library/app:pull,push`.
    package func token(scopes: [String], as authorization: Authorization = .basic) async throws -> Answer {
        let query = (["service=harbor-registry"] + scopes.map { "scope=\($0)" }).joined(separator: "&")
        return try await send("GET", "/service/token?\(query)", as: authorization)
    }

    /// `Basic …` for the client's credentials; nil without any.
    package var basic: String? {
        credentials.map { "Basic " + Data("\($0.user):\($0.password)".utf8).base64EncodedString() }
    }

    private func performAnsweringChallenge(_ exchange: Exchange) async throws -> Answer {
        let slot = exchange.tokenSlot
        let known = tokens.withLock { $0[slot] }
        let first = try await perform(exchange, authorization: known)
        guard first.status == 401, let header = first["www-authenticate"] else { return first }
        if header.lowercased().hasPrefix("basic"), let basic {
            return try await perform(exchange, authorization: basic)
        }
        guard let challenge = Challenge(header) else { return first }
        let grant = try await perform(
            Exchange(method: "GET", target: challenge.tokenURL, headers: [:], body: nil, streamed: false),
            authorization: basic)
        guard grant.status == 200, let token = grant.json?["token"] as? String else { return first }
        tokens.withLock { $0[slot] = "Bearer \(token)" }
        return try await perform(exchange, authorization: "Bearer \(token)")
    }

    private func perform(_ exchange: Exchange, authorization: String?) async throws -> Answer {
        var request = HTTPClientRequest(url: absolute(exchange.target))
        request.method = .init(rawValue: exchange.method)
        for (name, value) in exchange.headers { request.headers.replaceOrAdd(name: name, value: value) }
        if let authorization { request.headers.replaceOrAdd(name: "Authorization", value: authorization) }
        if let body = exchange.body {
            request.body = exchange.streamed ? .stream(Pieces(body), length: .unknown) : .bytes(body)
        } else if ["POST", "PUT", "PATCH"].contains(exchange.method) {
            request.headers.replaceOrAdd(name: "Content-Length", value: "0")
        }
        var response = try await RegistryClient.http.execute(request, timeout: .seconds(60))
        if followsRedirects, request.method == .GET, response.status == .temporaryRedirect,
            let location = response.headers.first(name: "Location")
        {
            // Whoever is led there gets no credentials.
            request.url = location
            request.headers.remove(name: "Authorization")
            response = try await RegistryClient.http.execute(request, timeout: .seconds(60))
        }
        let body = try await response.body.collect(upTo: 1 << 30)
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
            body: Array(buffer: body))
    }

    private func absolute(_ target: String) -> String {
        target.hasPrefix("http://") || target.hasPrefix("https://") ? target : url + target
    }

    /// One for the whole test process: clients differ in what they send, not in their connections.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.tlsConfiguration = .makeClientConfiguration()
        configuration.tlsConfiguration?.certificateVerification = .none
        configuration.httpVersion = .http1Only
        // A refused connection is an answer. Repeated attempts would wait longer after each refusal, up to a minute, and a
        // server that is back after a crash would seem to refuse connections all that time.
        configuration.connectionPool.retryConnectionEstablishment = false
        // How long a request may wait for one of the connections to its server; many tests share a server.
        configuration.timeout.connect = .seconds(60)
        // The time given to a request ends with the head of its answer. Of an answer whose sender lost its power in the
        // middle nothing more comes, not even an end.
        configuration.timeout.read = .seconds(60)
        return HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
    }()
}

/// What is sent in one request.
private struct Exchange {
    let method, target: String
    let headers: [String: String]
    let body: [UInt8]?
    let streamed: Bool

    /// Under which key a token for this request is remembered: one for each kind of right and repository.
    var tokenSlot: String {
        let right = ["GET", "HEAD"].contains(method) ? "pull" : method == "DELETE" ? "delete" : "push"
        let path = target.split(separator: "?").first.map(String.init) ?? target
        let end = ["/blobs/", "/manifests/", "/tags/", "/referrers/"].compactMap { path.range(of: $0)?.lowerBound }
            .min()
        return right + " " + path[..<(end ?? path.endIndex)] + " " + (target.contains("mount=") ? target : "")
    }
}

/// A body sent in pieces of 64 KiB.
private struct Pieces: AsyncSequence, Sendable {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ArraySlice<UInt8>
        mutating func next() async throws -> ByteBuffer? {
            guard !rest.isEmpty else { return nil }
            defer { rest = rest.dropFirst(65_536) }
            return ByteBuffer(bytes: rest.prefix(65_536))
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: bytes[...]) }
}
