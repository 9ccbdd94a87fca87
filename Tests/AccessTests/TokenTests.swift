// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import JWTKit
import Metadata
import OCI
import SQLStorage
import TestKit
import Testing

@testable import Access

/// The common claims as another library reads them.
private struct PlainClaims: JWTPayload {
    var iss: IssuerClaim
    var sub: SubjectClaim
    var aud: AudienceClaim
    var exp: ExpirationClaim
    var nbf: NotBeforeClaim
    var jti: IDClaim

    func verify(using algorithm: some JWTAlgorithm) async throws {}
}

@Suite("Tokens")
struct TokenTests {
    private func issue(_ world: AccessWorld, _ node: AccessService? = nil) async throws -> String {
        let caller = try await world.logIn("writer")
        return try await (node ?? world.access).issueToken(scopes: ["repository:open/app:pull"], caller: caller).token
    }

    private func fault(_ access: AccessService, _ token: String) async throws -> TokenFault? {
        switch try await access.tokens.check(token[...]) {
        case .success: nil
        case .failure(let fault): fault
        }
    }

    @Test(
        "another library verifies our tokens with the public key and reads the common claims", arguments: [true, false])
    func interoperable(isRSA: Bool) async throws {
        try await withAccess { world in
            var settings = AccessWorld.settings
            settings.algorithm = isRSA ? .rs256 : .es256
            let node = world.node(settings)
            let token = try await issue(world, node)
            let key = try await node.keys.signer()
            let keys = JWTKeyCollection()
            if isRSA {
                await keys.add(rsa: try Insecure.RSA.PublicKey(pem: key.publicPEM), digestAlgorithm: .sha256)
            } else {
                await keys.add(ecdsa: try ES256PublicKey(pem: key.publicPEM))
            }
            let read = try await keys.verify(token, as: PlainClaims.self)
            #expect(read.iss.value == "harbor-token-issuer")
            #expect(read.sub.value == "writer")
            #expect(read.aud.value == ["harbor-registry"])
            #expect(read.exp.value.timeIntervalSince(read.nbf.value) == 300)
            #expect(read.jti.value.utf8.count == 16)
            #expect(try await fault(world.node(), token) == nil, "every node believes both algorithms' keys")
        }
    }

    @Test("a token is good for its life and a minute of leeway, on nodes that saw it and on others")
    func expiry() async throws {
        try await withAccess { world in
            let token = try await issue(world)
            let name = try repository("open/app")
            func pull() async -> String {
                await outcome { () throws(AccessError) in
                    try await world.access.permit(
                        Pull.self, on: name, authorization: "Bearer \(token)", address: AccessWorld.address)
                }
            }
            world.clock.advance(by: .seconds(345))
            #expect(await pull() == "ok")
            world.clock.advance(by: .seconds(16))
            #expect(await pull() == "unauthenticated", "also what was verified and remembered runs out")
            #expect(try await fault(world.node(), token) == .expired)
        }
    }

    @Test("a token of a node whose clock is ahead is good within a minute, not beyond")
    func notYetValid() async throws {
        try await withAccess { world in
            for (ahead, expected) in [(50, nil), (70, TokenFault.notYetValid)] as [(Int, TokenFault?)] {
                let clock = HandClock()
                clock.advance(by: .seconds(ahead))
                let token = try await issue(world, world.node(clock: clock))
                #expect(try await fault(world.access, token) == expected)
            }
        }
    }

    @Test("a token for another service is refused")
    func audience() async throws {
        try await withAccess { world in
            var settings = AccessWorld.settings
            settings.service = "other-registry"
            let token = try await issue(world, world.node(settings))
            #expect(try await fault(world.access, token) == .otherAudience)
        }
    }

    @Test("a token signed with the same key for another purpose is refused")
    func issuer() async throws {
        try await withAccess { world in
            let key = try await world.access.keys.signer()
            let body = #"{"iss":"someone","sub":"","aud":["harbor-registry"],"exp":1900000000,"nbf":1700000000}"#
            let signed = key.encodedHeader + Base64URL.encode(Array(body.utf8))
            let token = "\(signed).\(Base64URL.encode(try key.sign(signed)))"
            #expect(try await fault(world.access, token) == .otherIssuer)
        }
    }

    @Test("changing any part of a token makes it worthless")
    func tampering() async throws {
        try await withAccess { world in
            let token = try await issue(world)
            let parts = token.split(separator: ".").map(String.init)
            let body = try #require(Base64URL.decode(parts[1].utf8))
            let larger = String(decoding: body, as: UTF8.self).replacing("[\"pull\"]", with: "[\"pull\",\"push\"]")
            let forged = [parts[0], Base64URL.encode(Array(larger.utf8)), parts[2]].joined(separator: ".")
            #expect(try await fault(world.access, forged) == .wrongSignature)
            for cut in [
                "", ".", "..", "a.b", token + ".", token + "=", " " + token, "\(parts[0])..\(parts[2])", parts[0],
            ] {
                #expect(try await fault(world.access, cut) != nil, "\(cut)")
            }
            #expect(try await fault(world.access, "\(parts[0]).\(parts[1]).") == .wrongSignature)
            #expect(try await fault(world.access, String(repeating: "a", count: 60_000)) == .malformed)
            // Another spelling of the same bytes is another text, and no token.
            let last = try #require(parts[2].last)
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
            let place = try #require(alphabet.firstIndex(of: last))
            let twin = parts[2].dropLast() + String(alphabet[place ^ 1])
            #expect(try await fault(world.access, "\(parts[0]).\(parts[1]).\(twin)") == .malformed)
        }
    }

    /// Headers that bring what must not be believed.
    @Test("the header of a token decides nothing but which of our keys to use")
    func headers() async throws {
        try await withAccess { world in
            let key = try await world.access.keys.signer()
            let body = try await issue(world).split(separator: ".")[1]
            let attacker = P256.Signing.PrivateKey()
            let point = Array(attacker.publicKey.rawRepresentation)
            let jwk =
                #"{"kty":"EC","crv":"P-256","x":"\#(Base64URL.encode(point[..<32]))","y":"\#(Base64URL.encode(point[32...]))"}"#
            let headers: [(String, TokenFault)] = [
                (#"{"alg":"none","typ":"JWT"}"#, .malformed),
                (#"{"alg":"none","typ":"JWT","kid":"\#(key.id)"}"#, .wrongAlgorithm),
                (#"{"alg":"None","kid":"\#(key.id)"}"#, .wrongAlgorithm),
                (#"{"alg":"RS256","kid":"\#(key.id)"}"#, .wrongAlgorithm),
                (#"{"alg":"ES256","kid":"\#(key.id)","jwk":\#(jwk)}"#, .wrongSignature),
                (#"{"alg":"ES256","kid":"\#(key.id)","jku":"https://attacker.example/keys"}"#, .wrongSignature),
                (#"{"alg":"ES256","kid":"\#(key.id)","x5c":["AAAA"]}"#, .wrongSignature),
                (#"{"alg":"ES256","kid":"attacker","jwk":\#(jwk)}"#, .unknownKey("attacker")),
                (#"{"alg":"ES256","kid":"../../secretkey"}"#, .unknownKey("../../secretkey")),
                (#"{"alg":"ES256","kid":"\#(key.id)","crit":["exp"]}"#, .malformed),
                (#"{"alg":"ES256","kid":"\#(key.id)","kid":"attacker"}"#, .malformed),
                (#"["ES256"]"#, .malformed),
            ]
            for (header, expected) in headers {
                let signed = "\(Base64URL.encode(Array(header.utf8))).\(body)"
                let signature = try attacker.signature(for: Data(signed.utf8)).rawRepresentation
                let token = "\(signed).\(Base64URL.encode(Array(signature)))"
                #expect(try await fault(world.access, token) == expected, "\(header)")
            }
        }
    }

    @Test("a token signed by HMAC with our public key as the secret is refused")
    func symmetricConfusion() async throws {
        try await withAccess { world in
            let key = try await world.access.keys.signer()
            let body = try await issue(world).split(separator: ".")[1]
            let header = Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT","kid":"\#(key.id)"}"#.utf8))
            let secret = SymmetricKey(data: Array(key.publicPEM.utf8))
            let code = HMAC<SHA256>.authenticationCode(for: Data("\(header).\(body)".utf8), using: secret)
            let token = "\(header).\(body).\(Base64URL.encode(Array(code)))"
            #expect(try await fault(world.access, token) == .wrongAlgorithm)
        }
    }

    @Test("after a change of keys old tokens live on, new ones use the new key, and other nodes find it at once")
    func rotation() async throws {
        try await withAccess { world in
            var settings = AccessWorld.settings
            settings.keyIntroduction = .zero
            let (node, other) = (world.node(settings), world.node(settings))
            let old = try await issue(world, node)
            #expect(try await fault(other, old) == nil)
            let before = try await node.keys.signer().id
            try await node.rotateSigningKey()
            #expect(try await node.keys.signer().id != before)
            let new = try await issue(world, node)
            #expect(try await fault(node, old) == nil)
            #expect(try await fault(other, new) == nil, "an unknown key is looked for")
            #expect(try await fault(other, old) == nil)
        }
    }

    @Test("a new key signs only when every node has had the time to read it, and the one before it signs until then")
    func introduction() async throws {
        try await withAccess { world in
            let before = try await world.access.keys.signer().id
            try await world.access.rotateSigningKey()
            #expect(try await world.access.keys.signer().id == before)
            #expect(try await world.node().keys.signer().id == before, "a node that starts now goes along")
            let keys = try await world.access.signingKeys()
            #expect(keys.count == 2 && keys[1].id == before && keys[1].use == .signs)
            if case .introduced(let start) = keys[0].use {
                #expect(start == keys[0].createdAt + 120_000_000)
            } else {
                Issue.record("\(keys)")
            }
            // To a node that asks for no introduction the time is over.
            var settings = AccessWorld.settings
            settings.keyIntroduction = .zero
            #expect(try await world.node(settings).keys.signer().id == keys[0].id)
            // It retires later, so it is believed until then and the life of a token longer.
            let stored = try await world.metadata.read { try $0.signingKeys(retiredWithin: 0) }
            #expect(stored.first { $0.id == before }.map { ($0.retiredAt ?? 0) > $0.readAt } == true)
        }
    }

    @Test("a key that stopped signing is believed as long as its tokens live, and then forgotten")
    func retirement() async throws {
        try await withAccess { world in
            var settings = AccessWorld.settings
            settings.keyIntroduction = .zero
            let node = world.node(settings)
            let token = try await issue(world, node)
            try await node.rotateSigningKey()
            let old = try #require(try await node.signingKeys().last)
            let retired = try await world.metadata.read { try $0.signingKeys(retiredWithin: .hours(1)) }
            let end = try #require(retired.first { $0.id == old.id }?.retiredAt) + (300 + 120) * 1_000_000
            #expect(old.use == .verifies(until: end))
            #expect(try await fault(world.node(settings), token) == nil)
            try await world.metadata.write { try $0.forgetSigningKeys(retiredBefore: -.hours(1)) }
            #expect(try await fault(world.node(settings), token) == .unknownKey(old.id))
        }
    }

    @Test("names of keys that are none cause few readings, whoever sends them")
    func foreignKeys() async throws {
        try await withAccess { world in
            let counted = FaultyDatabase(world.metadata.database)
            let node = AccessService(
                metadata: MetadataStore(database: counted), secretKey: world.secret, settings: AccessWorld.settings,
                clock: world.clock.access)
            _ = try await node.keys.signer()
            let before = counted.asked
            for number in 0..<100 {
                let header = Base64URL.encode(Array(#"{"alg":"ES256","kid":"k\#(number % 50)"}"#.utf8))
                #expect(try await fault(node, "\(header).e30.AAAA") == .unknownKey("k\(number % 50)"))
            }
            #expect(counted.asked - before <= 10)
            // After a while a key that was made meanwhile is found.
            world.clock.advance(by: .seconds(6))
            try await world.access.rotateSigningKey()
            var settings = AccessWorld.settings
            settings.keyIntroduction = .zero
            let token = try await issue(world, world.node(settings))
            #expect(try await fault(node, token) == nil)
        }
    }

    @Test("a node with another secret key is refused with a message that says what to do, and changes nothing")
    func otherSecret() async throws {
        try await withAccess { world in
            let stranger = AccessService(metadata: world.metadata, secretKey: .ephemeral(), clock: world.clock.access)
            do throws(AccessError) {
                _ = try await stranger.prepare(adminPassword: nil)
                Issue.record("a stranger was let in")
            } catch {
                #expect(kind(error) == "secretKey")
                #expect(error.message.contains("secretkey_path"))
            }
            // Also where a database of an older release has keys and no check yet.
            let removed = try await world.metadata.write { try $0.sql.run("DELETE FROM secrets") }
            #expect(removed == 1)
            await #expect(throws: AccessError.self) { try await stranger.prepare(adminPassword: nil) }
            #expect(try await world.metadata.read { try $0.secret(named: "check") } == nil)
            _ = try await world.node().prepare(adminPassword: nil)
            await #expect(throws: AccessError.self) { try await stranger.prepare(adminPassword: nil) }
        }
    }

    @Test("a shared secret is one for all nodes, and nobody reads it from the database")
    func sharedSecret() async throws {
        try await withAccess { world in
            let secrets = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for _ in 0..<4 { group.addTask { try await world.node().secrets.secret("sessions") } }
                return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
            }
            #expect(secrets.count == 1)
            let stored = try #require(try await world.metadata.read { try $0.secret(named: "sessions") })
            #expect(try !stored.contains(subsequence: #require(secrets.first)))
            #expect(try await world.access.secrets.secret("another") != secrets.first)
        }
    }

    @Test("one key signs for all nodes, and none can read it with another secret")
    func oneKey() async throws {
        try await withAccess { world in
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<4 { group.addTask { try await world.node().keys.signer().id } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            let stored = try await world.metadata.read { try $0.signingKeys(retiredWithin: 0) }
            #expect(stored.count == 1)
            let key = try await world.access.keys.signer()
            #expect(!stored[0].sealedKey.contains(subsequence: key.privateBytes))
            let stranger = AccessService(metadata: world.metadata, secretKey: .ephemeral(), clock: world.clock.access)
            #expect(await outcome { () throws(AccessError) in try await stranger.keys.signer() } == "secretKey")
        }
    }

    @Test("a token buys no token")
    func noPerpetuation() async throws {
        try await withAccess { world in
            let token = try await world.bearer(try await world.logIn("admin"), "repository:open/app:pull")
            let again = await outcome { () throws(AccessError) in
                try await world.access.issueToken(scopes: ["repository:open/app:push"], caller: token)
            }
            #expect(again == "unauthenticated")
        }
    }
}

extension [UInt8] {
    fileprivate func contains(subsequence: [UInt8]) -> Bool {
        guard count >= subsequence.count else { return false }
        return (0...(count - subsequence.count)).contains { Array(self[$0..<($0 + subsequence.count)]) == subsequence }
    }
}
