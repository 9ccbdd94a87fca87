// SPDX-License-Identifier: Apache-2.0

/// What a run of the collector did; a dry run, what it would have done at least.
package struct CollectionReport: Sendable, Equatable {
    /// Whether everything was rolled back again.
    package var isDryRun = false
    /// Candidates looked at.
    package var examined = 0
    /// Candidates left for the next run because other transactions were in the way.
    package var contended = 0
    /// Uploads that had expired, were cancelled or finished long ago.
    package var uploads = 0
    package var manifests = 0
    package var links = 0
    /// Blobs that nobody can find any more.
    package var blobs = 0
    /// The size of those blobs in bytes; they are freed when their grace is over.
    package var condemnedBytes: Int64 = 0
    /// Objects deleted from the store, in this run; in a dry run, those that are due.
    package var objects = 0
    /// Their size in bytes.
    package var freedBytes: Int64 = 0
    /// Objects the store could not delete; they are tried again later.
    package var failures = 0
    /// Condemned objects that a blob names: a contradiction, and left alone.
    package var contradictions = 0

    package init() {}

    /// Adds what a portion did.
    mutating func add(_ other: CollectionReport) {
        examined += other.examined
        contended += other.contended
        uploads += other.uploads
        manifests += other.manifests
        links += other.links
        blobs += other.blobs
        condemnedBytes += other.condemnedBytes
        objects += other.objects
        freedBytes += other.freedBytes
        failures += other.failures
        contradictions += other.contradictions
    }

    /// What changes with every candidate that was dealt with, so that a pass without progress is seen.
    var progress: Int { examined - contended }
}
