// SPDX-License-Identifier: Apache-2.0

extension SQLError {
    /// Sorts an SQLSTATE; see "PostgreSQL Error Codes" in its documentation. None at all is a lost connection.
    static func postgreSQL(_ state: String?, _ cause: String) -> SQLError {
        guard let state else { return .unreachable(cause) }
        let cause = "\(cause) (\(state))"
        switch state {
        case "40001", "40P01", "55P03": return .conflict(cause)
        case "40003", "08007": return .outcomeUnknown(cause)
        case "23505": return .duplicate(cause)
        case "23503": return .foreignKey(cause)
        case "25006": return .readOnly(cause)
        case "53100": return .full(cause)
        case "57014": return .timeout(cause)
        // A pool between us and the server, or a changed table, has forgotten what was prepared: again, from the start.
        case "26000": return .conflict(cause)
        case "0A000" where cause.contains("cached plan"): return .conflict(cause)
        case "25P03", "3D000": return .unreachable(cause)
        default: break
        }
        switch state.prefix(2) {
        case "08", "28", "57": return .unreachable(cause)
        case "53": return .overloaded(cause)
        default: return .invalid(cause)
        }
    }
}
