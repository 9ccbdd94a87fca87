// SPDX-License-Identifier: Apache-2.0
package import Testing

/// Gives all tests of a suite one running server: ``HavenProcess/current``.
///
///     @Suite(.haven()) struct PullTests { … try await HavenProcess.current.client … }
package struct HavenTrait: SuiteTrait, TestScoping {
    let settings: [String: String]
    package var isRecursive: Bool { false }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withHaven(settings: settings) { haven in
            try await HavenProcess.$shared.withValue(haven) { try await function() }
        }
    }
}

extension Trait where Self == HavenTrait {
    /// A server for the suite, with these settings in addition to the ones every test server has.
    package static func haven(settings: [String: String] = [:]) -> Self { HavenTrait(settings: settings) }
}

extension HavenProcess {
    @TaskLocal fileprivate static var shared: HavenProcess?

    /// The server of the suite that runs; only inside a suite with the trait ``HavenTrait``.
    package static var current: HavenProcess {
        get throws {
            guard let shared else { throw ToolFailure(what: "this suite lacks the trait .haven()") }
            return shared
        }
    }

    /// A new client of this server with the administrator's rights.
    package var client: RegistryClient { RegistryClient(url, user: "admin", password: adminPassword) }
}
