// SPDX-License-Identifier: Apache-2.0
package import Cache
package import Metadata
package import OCI
import SQLStorage

/// Who is calling, and what they may do.
///
/// Rights are the rows of this moment: copies in memory count only while the database's change stamp stands still, so
/// what an administrator takes away is gone with the next request. Nothing is allowed that is not granted.
package final class AccessService: Sendable {
    let metadata: MetadataStore
    package let settings: AccessSettings
    let clock: AccessClock
    let keys: KeyRing
    let secrets: SharedSecrets
    let tokens: TokenVerifier
    let logins: PasswordLogin
    let issued: BoundedCache<IssuedTokenKey, IssuedToken>
    private let standings = BoundedCache<StandingKey, Standing>(capacity: 16_384)
    private let lastStandings: LastKnown<StandingKey, Standing>

    /// Nothing is read or made yet; ``prepare(adminPassword:)`` does that.
    ///
    /// - Parameters:
    ///   - shared: What the nodes remember together. It is believed, so it must be sealed.
    ///   - wakeups: How nodes tell each other of new signing keys.
    package init(
        metadata: MetadataStore, secretKey: SecretKey, settings: AccessSettings = AccessSettings(),
        shared: SealedCache? = nil, wakeups: any Wakeups = MemoryWakeups(), clock: AccessClock = .system
    ) {
        self.metadata = metadata
        self.settings = settings
        self.clock = clock
        secrets = SharedSecrets(metadata: metadata, key: secretKey)
        keys = KeyRing(metadata: metadata, secret: secretKey, settings: settings, wakeups: wakeups, clock: clock)
        tokens = TokenVerifier(keys: keys, service: settings.service, shared: shared, clock: clock)
        logins = PasswordLogin(metadata: metadata, settings: settings, clock: clock)
        issued = BoundedCache(
            capacity: 4096, lifetime: min(.seconds(30), settings.tokenLifetime / 10), now: clock.instant)
        lastStandings = LastKnown(capacity: 16_384, now: clock.instant)
    }

    /// How often passwords were checked the slow way, since the start.
    package var passwordChecks: Int { logins.workers.begun }

    /// How many passwords wait to be checked.
    package var passwordsWaiting: Int { logins.workers.waiting }
}

// MARK: - What may they do

extension AccessService {
    /// Leave for `caller` to do `P` in a repository, whether that exists or not.
    ///
    /// - Throws: ``AccessError/unauthenticated(_:)`` for nobody, and for tokens that do not reach;
    ///   ``AccessError/projectUnknown(_:)`` also for a private project in which the caller has no part;
    ///   ``AccessError/denied(_:)``; ``AccessError/metadata(_:)``.
    package func authorize<P: Permission>(
        _ permission: P.Type, on name: RepositoryName, as caller: Caller
    ) async throws(AccessError) -> Permit<P> {
        if case .anonymous = caller {
            // Whatever the rows say, nobody is asked for a token first.
            throw .unauthenticated(Challenge(scope: Challenge.scope(P.self, on: name)))
        }
        let standing = try await standing(of: caller.user?.id, in: name.project)
        return try standing.permit(P.self, on: name, as: caller, now: clock.seconds)
    }

    /// The same without waiting: nil when the database must be asked. For the hot path on an event loop.
    package func authorizeIfKnown<P: Permission>(
        _ permission: P.Type, on name: RepositoryName, as caller: Caller
    ) throws(AccessError) -> Permit<P>? {
        guard let stamp = metadata.changeStamp() else { return nil }
        let key = StandingKey(user: caller.user?.id, project: name.project)
        guard let standing = standings.value(for: key, stamp: stamp) else { return nil }
        // A proof that the account's change made void is no refusal yet: the password may still be the right one.
        if case .user(let user) = caller, !standing.confirms(user) { return nil }
        return try standing.permit(P.self, on: name, as: caller, now: clock.seconds)
    }

    /// Lets those pass who are known to the registry at all: the version check.
    package func authorizeBase(as caller: Caller) async throws(AccessError) {
        switch caller {
        case .anonymous: throw .unauthenticated(Challenge())
        case .user(let user):
            guard try await standing(of: user.id, in: nil).confirms(user) else { throw .badCredentials }
        case .token(let token):
            let standing = try await standing(of: token.subject?.id, in: nil)
            guard standing.isCurrent(token, now: clock.seconds) else {
                throw .unauthenticated(Challenge(fault: .invalidToken))
            }
        }
    }

    /// Lets administrators list all repositories, with a password or with a token that covers it.
    package func authorizeCatalog(as caller: Caller) async throws(AccessError) {
        let challenge = Challenge(scope: Challenge.catalogScope)
        guard let user = caller.user else { throw .unauthenticated(challenge) }
        try await authorizeBase(as: caller)
        let standing = try await standing(of: user.id, in: nil)
        guard standing.account?.isAdmin == true else { throw .denied(.catalog(caller: user.name)) }
        if case .token(let token) = caller, !token.grantsCatalog {
            throw .unauthenticated(Challenge(scope: Challenge.catalogScope, fault: .insufficientScope))
        }
    }

    /// The rows that decide, from memory when they cannot have changed.
    ///
    /// While the database is out of reach they are as this node last read them, and marked so.
    func standing(of user: UserID?, in project: ProjectName?) async throws(AccessError) -> Standing {
        let key = StandingKey(user: user, project: project)
        // The stamp is taken before reading: if a commit comes between, the copy is too new for it and never found.
        let stamp = metadata.changeStamp()
        if let stamp, let known = standings.value(for: key, stamp: stamp) { return known }
        do throws(AccessError) {
            let standing = try await answering { [metadata] in
                try await metadata.read { try Standing(of: user, in: project, $0) }
            }
            if let stamp { standings.insert(standing, for: key, stamp: stamp) }
            note(standing, for: key)
            return standing
        } catch {
            return try lastStanding(key, insteadOf: error)
        }
    }

    /// The rows for several projects, read at one moment.
    func standings(of user: UserID?, in projects: Set<ProjectName>) async throws(AccessError) -> [ProjectName: Standing]
    {
        do throws(AccessError) {
            let standings = try await answering { [metadata] in
                try await metadata.read { transaction in
                    try projects.reduce(into: [ProjectName: Standing]()) {
                        $0[$1] = try Standing(of: user, in: $1, transaction)
                    }
                }
            }
            for (project, standing) in standings { note(standing, for: StandingKey(user: user, project: project)) }
            return standings
        } catch {
            var standings: [ProjectName: Standing] = [:]
            for project in projects {
                standings[project] = try lastStanding(StandingKey(user: user, project: project), insteadOf: error)
            }
            return standings
        }
    }

    private func note(_ standing: Standing, for key: StandingKey) {
        if settings.staleRights > .zero { lastStandings.note(standing, for: key) }
    }

    /// What was last known, when the database is what failed.
    private func lastStanding(_ key: StandingKey, insteadOf error: AccessError) throws(AccessError) -> Standing {
        guard case .metadata(let cause as SQLError) = error, cause.isOutage,
            var known = lastStandings.value(for: key, within: settings.staleRights)
        else { throw error }
        known.isStale = true
        return known
    }

    /// Runs something that needs rows of now, again when the database was away and has come back in time.
    func patiently<T: Sendable>(
        _ body: () async throws(AccessError) -> T
    ) async throws(AccessError) -> T {
        let start = ContinuousClock.now
        while true {
            do throws(AccessError) {
                return try await body()
            } catch {
                guard case .metadata(let cause as SQLError) = error, cause.isAbsence, let watch = metadata.watch,
                    await watch.hold(since: start)
                else { throw error }
            }
        }
    }

    /// Runs something on the database and says its failure in this room's words.
    func answering<T: Sendable>(_ body: () async throws -> T) async throws(AccessError) -> T {
        do {
            return try await body()
        } catch let error as AccessError {
            throw error
        } catch {
            throw .metadata(error)
        }
    }
}

private struct StandingKey: Hashable, Sendable {
    let user: UserID?
    let project: ProjectName?
}

extension Standing {
    init(of user: UserID?, in project: ProjectName?, _ transaction: MetadataTransaction) throws {
        account = try user.flatMap { try transaction.user($0) }.map { row in
            Account(id: row.id, isAdmin: row.isAdmin, isLocked: row.mustChange, version: row.version)
        }
        self.project = try project.flatMap { try transaction.part(of: user, in: $0) }.map { part in
            Project(id: part.project, isPublic: part.isPublic, role: part.role.flatMap(ProjectRole.init(rawValue:)))
        }
    }
}
