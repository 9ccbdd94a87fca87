// SPDX-License-Identifier: Apache-2.0

import Metadata
import OCI
import SQLStorage

extension Checker {
    /// Counters equal what they count, and every project is charged with what it uses.
    func checkProjects(
        _ report: inout CheckReport, _ onProgress: @Sendable (StepProgress) -> Void
    ) async throws {
        try await walk(
            "projects' blobs", onProgress,
            { (transaction, last: CheckedProjectBlob?) in
                try transaction.projectBlobsToCheck(after: last, limit: Self.page)
            },
            { page in
                for row in page where row.links != row.linkRows {
                    report.add(
                        .links(project: row.projectName, row.digest, counted: row.links, rows: row.linkRows))
                }
            })
        try await walk(
            "projects", onProgress,
            { (transaction, last: ProjectKey?) in try transaction.projectsToCheck(after: last, limit: Self.page) },
            { page in
                for project in page {
                    report.projects += 1
                    if let finding = try await usageFinding(of: project) { report.add(finding) }
                }
            })
    }

    /// Recounts in pages. Every change of what is charged raises the usage's version in its own transaction, so a recount
    /// between two equal versions is exact; a busy project is recounted in one transaction at last.
    private func usageFinding(of project: ProjectKey) async throws -> CheckFinding? {
        for _ in 0..<3 {
            let before = try await metadata.read(.jobs) { try $0.chargedUsage(of: project.id) }
            let used = try await recount(project.id)
            let after = try await metadata.read(.jobs) { try $0.chargedUsage(of: project.id) }
            if before == after { return finding(project, charged: after.used, used: used) }
        }
        return try await metadata.read(.jobs) { transaction in
            finding(
                project, charged: try transaction.chargedUsage(of: project.id).used,
                used: try transaction.recount(project.id))
        }
    }

    private func finding(_ project: ProjectKey, charged: Int64, used: Int64) -> CheckFinding? {
        charged == used ? nil : .usage(project: project.name, charged: charged, used: used)
    }

    private func recount(_ project: ProjectID) async throws -> Int64 {
        var sum: Int64 = 0
        var blob: Digest?
        repeat {
            let page = try await metadata.read(.jobs) { [blob] in
                try $0.recountBlobs(of: project, after: blob, limit: Self.page)
            }
            sum += page.bytes
            blob = page.last
        } while blob != nil
        var repository: RepositoryID?
        while true {
            let page = try await metadata.read(.jobs) { [repository] in
                try $0.repositoriesToCheck(of: project, after: repository, limit: Self.page)
            }
            for id in page { sum += try await recount(id) }
            guard page.count == Self.page, let last = page.last else { return sum }
            repository = last
        }
    }

    private func recount(_ repository: RepositoryID) async throws -> Int64 {
        var sum: Int64 = 0
        var last: Digest?
        repeat {
            let page = try await metadata.read(.jobs) { [last] in
                try $0.recountManifests(of: repository, after: last, limit: Self.page)
            }
            sum += page.bytes
            last = page.last
        } while last != nil
        return sum
    }

    /// Every tag is where its last move left it, and no move between is forgotten. (The oldest may be.)
    func checkTags(_ report: inout CheckReport, _ onProgress: @Sendable (StepProgress) -> Void) async throws {
        try await walk(
            "histories of tags", onProgress,
            { (transaction, last: CheckedTag?) in try transaction.tagsToCheck(after: last, limit: Self.page) },
            { page in
                for tag in page {
                    report.tagHistories += 1
                    for finding in findings(of: tag) { report.add(finding) }
                }
            })
        try await walk(
            "tags", onProgress,
            { (transaction, last: RememberedTag?) in try transaction.tagsWithMemory(after: last, limit: Self.page) },
            { page in
                report.tags += page.count
                for tag in page where !tag.isRemembered {
                    report.add(.tagUnremembered(tag.repositoryName, tag: tag.name))
                }
            })
    }

    private func findings(of tag: CheckedTag) -> [CheckFinding] {
        var findings: [CheckFinding] = []
        let isInPlace =
            tag.current?.digest == tag.lastDigest && (tag.current.map { $0.version == tag.lastVersion } ?? true)
        if !isInPlace {
            findings.append(
                .tagAstray(
                    tag.repositoryName, tag: tag.name, points: tag.current?.digest, remembered: tag.lastDigest))
        }
        if tag.entries != tag.lastVersion - tag.firstVersion + 1 {
            findings.append(
                .tagHistoryGap(
                    tag.repositoryName, tag: tag.name, entries: tag.entries, first: tag.firstVersion,
                    last: tag.lastVersion))
        }
        return findings
    }
}

extension MetadataTransaction {
    /// All of a project in this one transaction.
    fileprivate func recount(_ project: ProjectID) throws -> Int64 {
        let all = Int(Int32.max)
        return try recountBlobs(of: project, after: nil, limit: all).bytes
            + repositoriesToCheck(of: project, after: nil, limit: all).reduce(0) {
                $0 + (try recountManifests(of: $1, after: nil, limit: all).bytes)
            }
    }
}
