// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What handlers learn of a request that its one log line shall say.
package final class RequestNotes: Sendable {
    private let values = Mutex<[(key: String, value: String)]>([])

    package init() {}

    /// Notes a value under one of the log's keys, for example `caller` or `repository`. Later values replace earlier ones.
    package func note(_ key: String, _ value: String) {
        values.withLock { values in
            if let index = values.firstIndex(where: { $0.key == key }) {
                values[index].value = value
            } else {
                values.append((key, value))
            }
        }
    }

    package var all: [(key: String, value: String)] { values.withLock { $0 } }
}
