// SPDX-License-Identifier: Apache-2.0

import CMariaDB
import Glibc

/// The client library as a whole.
enum MariaDBLibrary {
    /// Prepares it, once, before threads use it.
    static func start() {
        _ = started
    }

    private static let started: Bool = {
        // Over TLS the library writes without MSG_NOSIGNAL; a server that is gone must be an error and not the end.
        signal(SIGPIPE, SIG_IGN)
        return mysql_server_init(0, nil, nil) == 0
    }()
}
