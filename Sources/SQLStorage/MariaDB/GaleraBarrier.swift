// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One wait, shared by all who begin to read at the same time, until a node of a Galera cluster has applied every write that
/// any node answered before.
///
/// A reader that arrives while a wait is under way needs the next one, for that wait may have begun before the write it must
/// see was answered. After it, plain reads of this node are as fresh as a write's own node.
///
/// `@unchecked Sendable`: all state is touched under `condition`'s lock only.
final class GaleraBarrier: @unchecked Sendable {
    private let condition = NSCondition()
    private var begun = 0
    private var passed = 0
    private var isRunning = false

    /// Returns after a wait that began after this call.
    ///
    /// - Parameters:
    ///   - limit: How long to rely on others, whose own transactions may take longer than this one.
    ///   - wait: Makes the node catch up; called by one of those who wait.
    /// - Throws: What `wait` throws, to the one who called it; the others try themselves.
    func pass(within limit: Duration, _ wait: () throws(SQLError) -> Void) throws(SQLError) {
        let end = Date(timeIntervalSinceNow: limit / .seconds(1))
        condition.lock()
        let needed = begun + 1
        while passed < needed {
            if isRunning {
                guard condition.wait(until: end) else {
                    condition.unlock()
                    throw .timeout("the node does not say that it has caught up with its cluster")
                }
            } else {
                try lead(wait)
            }
        }
        condition.unlock()
    }

    /// Under the lock, which is given up while `wait` runs; when it throws, the lock is gone.
    private func lead(_ wait: () throws(SQLError) -> Void) throws(SQLError) {
        isRunning = true
        begun += 1
        let mine = begun
        condition.unlock()
        let outcome = Result { () throws(SQLError) in try wait() }
        condition.lock()
        isRunning = false
        if case .success = outcome { passed = mine }
        condition.broadcast()
        if case .failure(let error) = outcome {
            condition.unlock()
            throw error
        }
    }
}
