// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The address on which throw-away servers listen: the loopback interface, unless `HAVEN_TEST_ADDRESS` names another of this
/// host, as the lab does, whose nodes are on other hosts.
package let testAddress = ProcessInfo.processInfo.environment["HAVEN_TEST_ADDRESS"] ?? "127.0.0.1"
