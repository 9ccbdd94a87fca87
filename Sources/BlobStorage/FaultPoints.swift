// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Named places where a test, and only a test, can make the process fail, die or wait.
///
/// A service reaches a point by its name between two steps that a crash may separate, such as
/// `commit.afterFsync`. Unarmed, which is the default, reaching costs one comparison with nil.
package struct FaultPoints: Sendable {
    /// What happens at an armed point.
    package enum Action: Sendable {
        /// The process dies at once, as by `kill -9`.
        case crash
        /// The step fails with ``InjectedFault``.
        case error
        /// The closure runs; it may wait or throw. Points reached synchronously ignore it.
        case call(@Sendable () async throws -> Void)
    }

    /// No point is armed.
    package static let none = FaultPoints(armed: nil)

    private let armed: Armed?

    private init(armed: Armed?) { self.armed = armed }

    /// Points that `arm` can arm later. For tests.
    package static func armable() -> FaultPoints { FaultPoints(armed: Armed()) }

    /// Reads `name:crash`, `name:error` or `name:pause`, several separated by commas, each with an optional `@n` for
    /// "only at the n-th time": the form of the environment variable `HAVEN_FAULT`. Nil when it is malformed.
    ///
    /// A pause is three seconds, and ends with an error when the task that reached the point is cancelled.
    package init?(parsing text: String) {
        let points = FaultPoints.armable()
        for item in text.split(separator: ",") {
            let sides = item.split(separator: ":", omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty else { return nil }
            let words = sides[1].split(separator: "@", omittingEmptySubsequences: false)
            guard let action = Self.actions[String(words[0])] else { return nil }
            let turn = words.count == 2 ? Int(words[1]) : words.count == 1 ? 1 : nil
            guard let turn, turn > 0 else { return nil }
            points.arm(String(sides[0]), action, atTurn: turn, once: words.count == 2)
        }
        self = points
    }

    private static let actions: [String: Action] = [
        "crash": .crash, "error": .error, "pause": .call { try await Task.sleep(for: .seconds(3)) },
    ]

    /// Arms a point of ``armable()`` points.
    ///
    /// - Parameters:
    ///   - turn: The first time of reaching that counts, from 1.
    ///   - once: Whether only that time counts, or every later one too.
    package func arm(_ name: String, _ action: Action, atTurn turn: Int = 1, once: Bool = false) {
        armed?.points.withLock { $0[name] = Armed.Point(action: action, turn: turn, once: once) }
    }

    /// Stops `name` from doing anything.
    package func disarm(_ name: String) {
        armed?.points.withLock { $0[name] = nil }
    }

    /// How often `name` was reached since it was armed.
    package func count(of name: String) -> Int {
        armed?.points.withLock { $0[name]?.reached } ?? 0
    }

    /// Marks a step that may block; used on the threads of a pool and inside transactions.
    package func reach(_ name: String) throws(InjectedFault) {
        guard let armed else { return }
        switch armed.action(at: name) {
        case nil, .call: return
        case .crash: Self.die()
        case .error: throw InjectedFault(point: name)
        }
    }

    /// Marks a step of a service.
    package func reach(_ name: String) async throws {
        guard let armed else { return }
        switch armed.action(at: name) {
        case nil: return
        case .crash: Self.die()
        case .error: throw InjectedFault(point: name)
        case .call(let body): try await body()
        }
    }

    private static func die() -> Never {
        kill(getpid(), SIGKILL)
        while true { pause() }
    }
}

/// The error of a point that was armed to fail.
package struct InjectedFault: Error, Hashable {
    package let point: String
}

private final class Armed: Sendable {
    struct Point {
        let action: FaultPoints.Action
        let turn: Int
        let once: Bool
        var reached = 0
    }

    let points = Mutex<[String: Point]>([:])

    func action(at name: String) -> FaultPoints.Action? {
        points.withLock { points in
            guard var point = points[name] else { return nil }
            point.reached += 1
            points[name] = point
            let isDue = point.once ? point.reached == point.turn : point.reached >= point.turn
            return isDue ? point.action : nil
        }
    }
}
