// SPDX-License-Identifier: Apache-2.0
import Metadata
import OCI

extension AccessService {
    /// Adds a project.
    ///
    /// - Parameter quota: The most bytes it may hold; nil for no limit.
    /// - Throws: ``AccessError/projectNameInvalid``, ``AccessError/projectExists(_:)``, ``AccessError/quotaInvalid``.
    package func createProject(name: String, isPublic: Bool, quota: Int64?) async throws(AccessError) {
        let project = try projectName(name)
        try check(quota: quota)
        let id = ProjectID.random()
        let isAdded = try await changing { transaction in
            try transaction.addProject(id, name: project, isPublic: isPublic, limit: quota)
        }
        guard isAdded else { throw .projectExists(project) }
    }

    /// Removes a project that holds no repository. A later project of the same name is another one: old tokens do not
    /// reach it.
    ///
    /// - Throws: ``AccessError/projectUnknown(_:)``, ``AccessError/projectNotEmpty(_:)``.
    package func deleteProject(_ name: String) async throws(AccessError) {
        try await change(projectNamed: name) { transaction, project in
            guard try !transaction.hasRepositories(project.id) else { throw AccessError.projectNotEmpty(project.name) }
            guard try transaction.retireProject(project) else { throw MetadataError.raced("project \(project.id)") }
        }
    }

    /// Opens a project to everybody's pulls, or closes it.
    package func setPublic(_ isPublic: Bool, project name: String) async throws(AccessError) {
        try await change(projectNamed: name) { transaction, project in
            guard try transaction.setPublic(isPublic, project: project) else {
                throw MetadataError.raced("project \(project.id)")
            }
        }
    }

    /// Sets how many bytes a project may hold; nil for no limit.
    package func setQuota(_ quota: Int64?, project name: String) async throws(AccessError) {
        try check(quota: quota)
        try await change(projectNamed: name) { try $0.setLimit(quota, of: $1.id) }
    }

    /// Gives a user a role in a project, in place of the one they have; nil takes it away. Counts at the next request.
    ///
    /// - Throws: ``AccessError/projectUnknown(_:)``, ``AccessError/userUnknown(_:)``.
    package func setMember(project name: String, user: String, role: ProjectRole?) async throws(AccessError) {
        try await change(projectNamed: name) { transaction, project in
            guard let row = try transaction.user(named: user) else { throw AccessError.userUnknown(user) }
            try transaction.setRole(role?.rawValue, of: row.id, in: project.id)
        }
    }

    /// Makes exactly the tags that follow one of `patterns` immutable.
    ///
    /// - Throws: ``AccessError/patternInvalid(_:_:)``, ``AccessError/projectUnknown(_:)``.
    package func setImmutableTags(project name: String, patterns: [String]) async throws(AccessError) {
        guard patterns.count <= 100 else { throw .patternInvalid("number \(patterns.count)", .tooMany) }
        for pattern in patterns {
            do throws(PatternFault) {
                _ = try TagPattern(pattern)
            } catch {
                throw .patternInvalid(pattern, error)
            }
        }
        try await change(projectNamed: name) { try $0.setImmutablePatterns(patterns, of: $1.id) }
    }

    private func change(
        projectNamed name: String, _ body: @escaping @Sendable (MetadataTransaction, ProjectRow) throws -> Void
    ) async throws(AccessError) {
        let name = try projectName(name)
        try await changing { transaction in
            guard let project = try transaction.project(named: name) else { throw AccessError.projectUnknown(name) }
            try body(transaction, project)
        }
    }

    private func projectName(_ name: String) throws(AccessError) -> ProjectName {
        guard let parsed = ProjectName(name) else { throw .projectNameInvalid }
        return parsed
    }

    private func check(quota: Int64?) throws(AccessError) {
        if let quota, quota < 1 { throw .quotaInvalid }
    }
}
