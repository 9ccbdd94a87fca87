// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Lets callers that want the same directory flushed share one flush.
///
/// A flush serves everyone who came before it began; who comes while one runs waits for the next. Callers block, so
/// they stand on the threads of a pool.
final class GroupedFlush: @unchecked Sendable {
    // Invariant: `lanes` is touched only while `mutex` is held. Guarded by "waiting callers share one flush".
    private var lanes: [Lane]
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    private struct Lane {
        var begun: UInt64 = 0
        var ended: UInt64 = 0
        /// Results of flushes that failed; a caller looks up its own, for a later success proves nothing.
        var failures: [UInt64: Int32] = [:]
    }

    /// - Parameter lanes: How many directories there are.
    init(lanes count: Int) {
        lanes = Array(repeating: Lane(), count: count)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Waits until a flush of `lane` that began after this call has ended, running it itself if nobody else does.
    ///
    /// - Parameter flush: Flushes the directory and returns an error number or 0.
    /// - Returns: What that flush returned.
    func flush(_ lane: Int, _ flush: () -> Int32) -> Int32 {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let mine = lanes[lane].begun + 1
        while lanes[lane].ended < mine {
            if lanes[lane].begun == lanes[lane].ended {
                lead(lane, flush)
            } else {
                pthread_cond_wait(condition, mutex)
            }
        }
        return lanes[lane].failures[mine] ?? 0
    }

    private func lead(_ lane: Int, _ flush: () -> Int32) {
        lanes[lane].begun += 1
        let turn = lanes[lane].begun
        pthread_mutex_unlock(mutex)
        let code = flush()
        pthread_mutex_lock(mutex)
        if code != 0 { lanes[lane].failures[turn] = code }
        lanes[lane].ended = turn
        pthread_cond_broadcast(condition)
    }
}
