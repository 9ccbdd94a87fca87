// SPDX-License-Identifier: Apache-2.0

import BlobStorage

/// Deletes for stores that take one name a request.
enum EachAlone {
    /// Requests under way at once.
    private static let width = 16

    /// - Returns: One outcome for each object, in order.
    static func delete(
        _ objects: [DoomedObject], _ delete: @escaping @Sendable (DoomedObject) async -> DeleteOutcome
    ) async -> [DeleteOutcome] {
        await withTaskGroup(of: (Int, DeleteOutcome).self) { group in
            var outcomes = [DeleteOutcome](
                repeating: .failed(.unreachable("the delete was not tried")), count: objects.count)
            for (place, object) in objects.enumerated() {
                if place >= Self.width, let (done, outcome) = await group.next() { outcomes[done] = outcome }
                group.addTask { (place, await delete(object)) }
            }
            for await (place, outcome) in group { outcomes[place] = outcome }
            return outcomes
        }
    }
}
