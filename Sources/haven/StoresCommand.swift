// SPDX-License-Identifier: Apache-2.0

import Glibc
import HavenServer
import Lifecycle

/// Opens the database and the store of the settings, runs a body with them, and closes them again, whatever happened.
func withStores<T: Sendable>(_ settings: Settings, _ body: (DataStores) async throws -> T) async throws -> T {
    let stores = try await DataStores.open(settings)
    do {
        let result = try await body(stores)
        await stores.close()
        return result
    } catch {
        await stores.close()
        throw error
    }
}

/// Shows on a terminal how far a long command is, in one line that is written over; elsewhere nothing.
enum ProgressLine {
    static func show(_ progress: StepProgress) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        printError("\r\u{1B}[K\(progress.step): \(progress.done)", end: "")
    }

    /// Removes the line.
    static func end() {
        guard isatty(STDERR_FILENO) == 1 else { return }
        printError("\r\u{1B}[K", end: "")
    }
}
