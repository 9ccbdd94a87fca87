// SPDX-License-Identifier: Apache-2.0

/// Runs `body`, and cancels it when it takes longer than `limit`.
///
/// - Returns: What `body` returned, or nil when the limit passed first.
package func withDeadline<Result: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result? {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}

/// Asks again and again until `condition` holds.
///
/// For waiting on other processes only; inside one process, await what happens instead.
///
/// - Returns: Whether it held before `limit` passed.
package func eventually(
    within limit: Duration = .seconds(30), every pause: Duration = .milliseconds(20),
    _ condition: () async throws -> Bool
) async throws -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: pause)
    }
    return try await condition()
}
