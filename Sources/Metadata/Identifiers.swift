// SPDX-License-Identifier: Apache-2.0

package import SQLStorage

/// An id made by Haven: 128 random bits as 32 lower-case hexadecimal digits. Never reused, tells nothing.
package protocol Identifier: RawRepresentable<String>, Hashable, Sendable, SQLBindable, CustomStringConvertible {
    init(rawValue: String)
}

extension Identifier {
    package var description: String { rawValue }

    /// A new id from the system's random source.
    package static func random() -> Self {
        var generator = SystemRandomNumberGenerator()
        return Self(rawValue: hexadecimal(generator.next()) + hexadecimal(generator.next()))
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Identifies a project; a new project of an old name has another id.
package struct ProjectID: Identifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// Identifies a repository; a new repository of an old name has another id.
package struct RepositoryID: Identifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// Identifies a user.
package struct UserID: Identifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// Identifies an upload session.
package struct UploadID: Identifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// Identifies one request's change, made before its first attempt, so that repeats are recognised.
package struct OperationID: Identifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// Identifies a row that nothing else refers to.
package struct RowID: Identifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}
