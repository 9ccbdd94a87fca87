// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Runs a connection's tasks on its event loop, so that bytes are handled where they arrived, without a change of thread.
///
/// A task with this preference must not block: what takes a millisecond or longer goes to a thread pool.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
