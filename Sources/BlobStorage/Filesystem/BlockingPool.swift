// SPDX-License-Identifier: Apache-2.0

import NIOPosix

/// Threads on which calls that wait for a disk run, so that nothing else waits with them.
package struct BlockingPool: Sendable {
    private let threads: NIOThreadPool

    package init(threads count: Int) {
        threads = NIOThreadPool(numberOfThreads: count)
        threads.start()
    }

    /// Runs `body` on a thread of the pool and waits for it. It runs to its end even when the caller is cancelled:
    /// a half-done file operation is nobody's gain.
    package func run<T: Sendable>(
        _ body: @escaping @Sendable () throws(BlobStorageError) -> T
    ) async throws(BlobStorageError) -> T {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome<T>, Never>) in
            start { isOpen in continuation.resume(returning: isOpen ? Outcome(catching: body) : .closed) }
        }
        return try result.get()
    }

    /// Starts `body` and returns at once. It is told false, on this thread, when the pool is closed.
    package func start(_ body: @escaping @Sendable (_ isOpen: Bool) -> Void) {
        threads.submit { body($0 == .active) }
    }

    package func close() async {
        // Fails only for a pool that cannot be stopped, which this one is not.
        try? await threads.shutdownGracefully()
    }
}

typealias Outcome<T> = Result<T, BlobStorageError>

extension Result where Failure == BlobStorageError {
    /// What every call answers after ``BlobStore/close()``.
    static var closed: Self { .failure(.unreachable("the store is closed")) }
}
