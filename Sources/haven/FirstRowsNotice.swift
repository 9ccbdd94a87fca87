// SPDX-License-Identifier: Apache-2.0

import Access

/// What the first start made, shown to whoever ran the command: on standard error, between two plain lines, once.
/// Never through the log.
enum FirstRowsNotice {
    static func show(_ rows: FirstRows) {
        if let password = rows.generatedPassword {
            printError(
                """
                ----------------------------------------------------------------
                The password of the account admin (shown only now): \(password)
                ----------------------------------------------------------------
                """)
        }
        for name in rows.lockedAdministrators {
            printError(
                """
                ****************************************************************
                The account \(name) has Harbor's well-known default password and is LOCKED.
                Nobody can log in with it until you give it another one:
                    haven user password \(name) --password-stdin
                ****************************************************************
                """)
        }
    }
}
