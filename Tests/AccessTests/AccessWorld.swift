// SPDX-License-Identifier: Apache-2.0
import Foundation
import Metadata
import OCI
import SQLStorage
import Synchronization
import TestKit
import Testing

@testable import Access

/// A clock that moves only when told.
final class HandClock: Sendable {
    private let elapsed = Mutex(Duration.zero)
    private let start = ContinuousClock.now

    func advance(by duration: Duration) { elapsed.withLock { $0 += duration } }

    var access: AccessClock {
        AccessClock(
            now: { 1_800_000_000_000_000 + self.elapsed.withLock { $0 }.components.seconds * 1_000_000 },
            instant: { self.start.advanced(by: self.elapsed.withLock { $0 }) })
    }
}

/// A database of its own, a clock moved by hand, and the room that is tested.
struct AccessWorld: Sendable {
    let metadata: MetadataStore
    let secret: SecretKey
    let clock: HandClock
    let access: AccessService

    static let address = "192.0.2.7"
    static let password = "Right1Password"

    /// The settings of production, but for rounds: a test that derives keys must not take seconds.
    static var settings: AccessSettings {
        var settings = AccessSettings()
        settings.passwordRounds = 1000
        return settings
    }

    /// Whether this kind of database tells for free that nothing has changed: then what was decided is remembered.
    var tellsChanges: Bool { metadata.changeStamp() != nil }

    /// Another node: the same database and secret, nothing in memory, its own settings and clock.
    func node(_ settings: AccessSettings = AccessWorld.settings, clock: HandClock? = nil) -> AccessService {
        AccessService(
            metadata: metadata, secretKey: secret, settings: settings, clock: (clock ?? self.clock).access)
    }

    func basic(_ name: String, _ password: String = AccessWorld.password) -> String {
        "Basic \(Data("\(name):\(password)".utf8).base64EncodedString())"
    }

    func logIn(_ name: String, _ password: String = AccessWorld.password) async throws -> Caller {
        try await access.identify(authorization: basic(name, password), address: Self.address)
    }

    /// The caller that a token for these scopes makes of `caller`.
    func bearer(_ caller: Caller, _ scopes: String...) async throws -> Caller {
        let token = try await access.issueToken(scopes: scopes, caller: caller).token
        return try await access.identify(authorization: "Bearer \(token)", address: Self.address)
    }
}

/// Runs `body` with users `admin` (of everything), `owner`, `writer`, `reader` (of project `closed`), `outsider`, the public
/// project `open` and the private project `closed`.
func withAccess(_ body: (AccessWorld) async throws -> Void) async throws {
    try await TestDatabase.chosen.with { try await withAccess(in: $0, body) }
}

private func withAccess(in database: any SQLDatabase, _ body: (AccessWorld) async throws -> Void) async throws {
    _ = try await Migrator(database).migrate()
    let (metadata, secret, clock) = (MetadataStore(database: database), SecretKey.ephemeral(), HandClock())
    let access = AccessService(
        metadata: metadata, secretKey: secret, settings: AccessWorld.settings, clock: clock.access)
    let world = AccessWorld(metadata: metadata, secret: secret, clock: clock, access: access)
    _ = try await access.prepare(adminPassword: AccessWorld.password)
    for name in ["owner", "writer", "reader", "outsider"] {
        try await access.createUser(name: name, password: AccessWorld.password, isAdmin: false)
    }
    for (name, isPublic) in [("open", true), ("closed", false)] {
        try await access.createProject(name: name, isPublic: isPublic, quota: nil)
        try await access.setMember(project: name, user: "owner", role: .admin)
        try await access.setMember(project: name, user: "writer", role: .write)
        try await access.setMember(project: name, user: "reader", role: .read)
    }
    try await body(world)
}

func repository(_ name: String) throws -> RepositoryName { try #require(RepositoryName(name)) }

/// The kind of refusal, to compare: errors carry causes that cannot be.
func kind(_ error: AccessError) -> String {
    String(describing: error).prefix { $0 != "(" }.description
}

/// How an attempt ended: `ok`, or the kind of refusal.
func outcome(_ attempt: () async throws(AccessError) -> some Any) async -> String {
    do throws(AccessError) {
        _ = try await attempt()
        return "ok"
    } catch {
        return kind(error)
    }
}
