// SPDX-License-Identifier: Apache-2.0

extension SQLError {
    /// Sorts an error number; see "MariaDB Error Codes" in its documentation, and from 2000 on those of its client library.
    static func mariaDB(_ code: UInt32, _ text: String) -> SQLError {
        let cause = "\(text) (\(code))"
        switch code {
        // Deadlock or certification conflict, wait for a lock, changed row; a snapshot or a statement older than its table.
        case 1213, 1205, 1020, 1412, 1615, 1243: return .conflict(cause)
        case 1062, 1586: return .duplicate(cause)
        case 1216, 1217, 1451, 1452: return .foreignKey(cause)
        // Read-only transaction, option or server.
        case 1290, 1792, 1836: return .readOnly(cause)
        case 1021, 1114: return .full(cause)
        case 1040, 1203, 1226, 1461: return .overloaded(cause)
        case 1317, 1969: return .timeout(cause)
        // A node without its cluster (1047, 1180), a server that ends, a connection that was killed or broke.
        case 1047, 1180, 1053, 1077, 1079, 1152, 1158...1161, 1184, 1927: return .unreachable(cause)
        case 1044, 1045, 1049, 1129, 1130, 1698: return .unreachable(cause)
        case 2002...2006, 2009, 2012, 2013, 2026, 2048, 2055: return .unreachable(cause)
        default: return .invalid(cause)
        }
    }
}
