// SPDX-License-Identifier: Apache-2.0

/// What may be read from one name after writes that overlap, fail and lose their answers.
///
/// A value may be read if some write of it was not clearly followed by another acknowledged write. A write without an
/// answer may have happened or not, at any time since it began.
package struct Register<Value: Hashable & Sendable>: Sendable {
    private struct Write: Sendable {
        let id: Int
        let value: Value
        let began: Int
        var ended: Int?
    }

    private var writes: [Write]

    package init(_ value: Value) { writes = [Write(id: 0, value: value, began: 0, ended: 0)] }

    /// - Parameters:
    ///   - id: A number for the write, for ``acknowledge(_:at:)`` and ``refuse(_:)``.
    ///   - time: When it began, on any counter that only grows.
    package mutating func begin(_ id: Int, _ value: Value, at time: Int) {
        writes.append(Write(id: id, value: value, began: time, ended: nil))
    }

    package mutating func acknowledge(_ id: Int, at time: Int) {
        if let index = writes.firstIndex(where: { $0.id == id }) { writes[index].ended = time }
    }

    /// The server said clearly that it did not do it.
    package mutating func refuse(_ id: Int) {
        writes.removeAll { $0.id == id }
    }

    /// The values that may be read once nothing is under way any more.
    package var possible: Set<Value> {
        Set(
            writes.filter { write in
                guard let end = write.ended else { return true }
                return !writes.contains { $0.ended != nil && $0.began > end }
            }.map(\.value))
    }

    /// What was read while nothing was under way is from now on the only truth.
    package mutating func settle(_ value: Value, at time: Int) {
        writes = [Write(id: 0, value: value, began: time, ended: time)]
    }

    /// Whether anything was written since it was settled.
    package var isTouched: Bool { writes.count > 1 }
}
