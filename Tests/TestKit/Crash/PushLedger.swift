// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What clients were told during a run of load and crashes, and what must therefore be true.
package final class PushLedger: Sendable {
    /// A name in the registry that can be read: a tag, or a manifest by its digest.
    package struct Name: Hashable, Sendable, CustomStringConvertible {
        package let repository: String
        package let reference: String
        package var description: String { "\(repository):\(reference)" }

        package init(_ repository: String, _ reference: String) {
            self.repository = repository
            self.reference = reference
        }
    }

    /// A manifest that was pushed or is being pushed, with the digests of all it names.
    package struct Image: Hashable, Sendable {
        package let manifest: String
        package let mediaType: String
        package let blobs: [String]
        /// Nobody deletes it by digest, so others may tag it.
        package let isKept: Bool

        package init(manifest: String, mediaType: String, blobs: [String], isKept: Bool) {
            self.manifest = manifest
            self.mediaType = mediaType
            self.blobs = blobs
            self.isKept = isKept
        }
    }

    private struct State {
        var time = 1
        /// The digest that each name stands for; nil for none.
        var registers: [Name: Register<String?>] = [:]
        var images: [String: Image] = [:]
        var kept: [Name] = []
        var counts: [String: Int] = [:]
        var tolerance = Tolerance.busy
        var isOver = false
        var violations: [String] = []
    }

    private let state = Mutex(State())
    private let isBehindBalancer: Bool

    /// - Parameter isBehindBalancer: Whether a balancer stands before the servers, which says for itself that it cannot reach
    ///   one or lost it under a request.
    package init(isBehindBalancer: Bool = false) { self.isBehindBalancer = isBehindBalancer }

    /// What was broken; empty when all promises were kept.
    package var violations: [String] { state.withLock { $0.violations } }
    /// How often each kind of operation was done.
    package var counts: [String: Int] { state.withLock { $0.counts } }

    /// Tells the clients to end what they are at and begin nothing more: a request that is cut short instead may still be
    /// done by a server that lives, while somebody looks.
    package func end() { state.withLock { $0.isOver = true } }

    /// Whether the clients were told to end.
    package var isOver: Bool { state.withLock { $0.isOver } }

    /// Which answers 5xx are no violation.
    package enum Tolerance: Sendable {
        /// None: all is well.
        case none
        /// 503, from a server that starts or is busy.
        case busy
        /// Every one that tells the client to come back: something that the server needs is broken by the test.
        case broken
    }

    /// Says what is tolerated from now on.
    package func tolerate(_ tolerance: Tolerance) { state.withLock { $0.tolerance = tolerance } }

    /// Whether something that the server needs is broken by the test.
    var isBroken: Bool { state.withLock { $0.tolerance == .broken } }

    /// Whether an answer 5xx is one that a broken surrounding excuses; its client comes back later.
    ///
    /// - Parameter wasBroken: Whether it was broken when the request began.
    func excuses(_ answer: Answer, _ wasBroken: Bool) -> Bool {
        let isTold = [503, 507].contains(answer.status) && answer["retry-after"] != nil
        let isCutOff = isBehindBalancer && [502, 503, 504].contains(answer.status)
        return (isTold || isCutOff) && (wasBroken || isBroken)
    }

    /// Notes an answer 5xx that nothing excuses.
    func note(unexcused answer: Answer, to request: String) {
        if answer.status == 503, state.withLock({ $0.tolerance == .busy }) { return }
        violate("\(request): \(answer)")
    }

    package func violate(_ what: String) { state.withLock { $0.violations.append(what) } }
    package func count(_ what: String) { state.withLock { $0.counts[what, default: 0] += 1 } }

    /// A write of `digest` to `names` is about to be sent.
    ///
    /// - Returns: The number of the write.
    package func begin(_ digest: String?, at names: [Name]) -> Int {
        state.withLock { state in
            state.time += 1
            for name in names {
                state.registers[name, default: Register(nil)].begin(state.time, digest, at: state.time)
            }
            return state.time
        }
    }

    package func acknowledge(_ write: Int, at names: [Name]) {
        state.withLock { state in
            state.time += 1
            for name in names { state.registers[name]?.acknowledge(write, at: state.time) }
        }
    }

    package func refuse(_ write: Int, at names: [Name]) {
        state.withLock { state in for name in names { state.registers[name]?.refuse(write) } }
    }

    /// An image that a manifest push is about to name.
    package func add(_ image: Image) { state.withLock { $0.images[image.manifest] = image } }

    /// A kept image was acknowledged at its digest.
    package func keep(_ name: Name) { state.withLock { $0.kept.append(name) } }

    package func image(_ digest: String) -> Image? { state.withLock { $0.images[digest] } }

    /// Some kept image, to be tagged or mounted by others.
    package func randomKept(_ random: inout SeededGenerator) -> Name? {
        let kept = state.withLock { $0.kept }
        return kept.randomElement(using: &random)
    }

    /// Names to look at: all that were written since they were settled, and up to `sample` others.
    package func names(sample: Int, _ random: inout SeededGenerator) -> [Name] {
        let (touched, others) = state.withLock { state in
            let touched = state.registers.filter { $0.value.isTouched }.map(\.key)
            return (touched, state.registers.keys.filter { state.registers[$0]?.isTouched == false })
        }
        return touched + others.shuffled(using: &random).prefix(sample)
    }

    /// The digests of all blobs that a manifest names which may be there.
    package var blobs: Set<String> {
        state.withLock { state in
            let manifests = state.registers.values.flatMap { $0.possible.compactMap { $0 } }
            return Set(manifests.flatMap { state.images[$0]?.blobs ?? [] })
        }
    }

    package func possible(_ name: Name) -> Set<String?> {
        state.withLock { $0.registers[name]?.possible ?? [nil] }
    }

    package func settle(_ name: Name, _ digest: String?) {
        state.withLock { state in
            state.time += 1
            state.registers[name]?.settle(digest, at: state.time)
        }
    }
}
