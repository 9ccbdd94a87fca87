// SPDX-License-Identifier: Apache-2.0

/// The version of this program.
package enum HavenVersion {
    /// The number, by semantic versioning.
    package static let number = "0.1.0"

    /// What `haven --version` prints.
    package static let line = "haven \(number)"
}
