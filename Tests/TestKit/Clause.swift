// SPDX-License-Identifier: Apache-2.0

import Testing

/// One promise of a driver protocol, in words and as a check that every driver must pass.
package struct Clause<Subject: Sendable>: Sendable, CustomTestStringConvertible {
    /// The promise, as a sentence.
    package let promise: String
    /// Throws or records an issue when `Subject` breaks the promise. The subject is new and used by this clause alone.
    package let check: @Sendable (Subject) async throws -> Void

    package init(_ promise: String, _ check: @escaping @Sendable (Subject) async throws -> Void) {
        self.promise = promise
        self.check = check
    }

    package var testDescription: String { promise }
}
