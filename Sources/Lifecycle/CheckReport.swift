// SPDX-License-Identifier: Apache-2.0

/// What a check looked at and what it found.
package struct CheckReport: Sendable {
    /// The most findings that are kept; the others are only counted, so that a ruin does not fill the memory.
    package static let findingLimit = 10_000

    /// The first findings, in the order of looking.
    package private(set) var findings: [CheckFinding] = []
    /// All findings, kept or not, by severity.
    package private(set) var counts: [CheckFinding.Severity: Int] = [:]
    package var blobs = 0
    package var manifests = 0
    /// Tags that exist.
    package var tags = 0
    /// Histories of tags, also of deleted ones.
    package var tagHistories = 0
    package var projects = 0
    /// Objects in the store.
    package var objects = 0
    /// Bytes that were read and digested.
    package var hashedBytes: Int64 = 0
    /// Uploads that are over and wait for the collector: no fault.
    package var waitingUploads = 0
    /// Objects that no row names but that are too young to judge: no fault.
    package var youngObjects = 0

    package init() {}

    mutating func add(_ finding: CheckFinding) {
        counts[finding.severity, default: 0] += 1
        if findings.count < Self.findingLimit { findings.append(finding) }
    }

    /// How many findings of a severity there are.
    package func count(_ severity: CheckFinding.Severity) -> Int { counts[severity] ?? 0 }

    /// Whether everything is as it should be.
    package var isClean: Bool { counts.isEmpty }

    /// Whether anything is worse than wasted space.
    package var isFaulty: Bool { count(.lost) + count(.inconsistent) > 0 }
}

/// How far a long piece of work is.
package struct StepProgress: Sendable {
    /// What is looked at, in words.
    package let step: String
    /// How many of it were looked at.
    package let done: Int
}
