// SPDX-License-Identifier: Apache-2.0

package import BlobStorage

/// One request to a store, as it goes on the wire.
package struct CloudRequest: Sendable, KeepsSecrets {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        case spooled(SpooledBody)
    }

    package var method: String
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: Body

    package init(
        _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: Body = .none
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    /// The first value of a header, by its name in any case.
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}

/// Why a call to the store did not bring what was asked for.
package enum CloudFailure: Error, Sendable {
    /// The store answered, and not with what was wanted.
    case answered(status: Int, code: String, message: String)
    /// No complete answer came: no connection, a broken one, or a deadline.
    case unanswered(String)
    /// This process could not even ask: its own spool failed, or the call is wrong.
    case local(BlobStorageError)

    package var status: Int? { if case .answered(let status, _, _) = self { status } else { nil } }

    package var code: String? { if case .answered(_, let code, _) = self { code } else { nil } }

    /// The failure in the terms of the store's callers. `what` names the call, for the log.
    package func storageError(_ what: String) -> BlobStorageError {
        switch self {
        case .local(let error): return error
        case .unanswered(let text): return .unreachable("\(what): \(text)")
        case .answered(let status, let code, let message):
            let text = "\(what): \(status) \(code)" + (message.isEmpty ? "" : ": \(message)")
            switch status {
            case 404, 410: return code == "NoSuchBucket" ? .refused(text) : .notFound
            case 413, 507: return .full
            case 403 where code == "QuotaExceeded": return .full
            case 401, 403: return .refused(text + "; check the keys, their rights and this machine's clock")
            case 408, 425, 429, 498, 500...: return .unreachable(text)
            default: return .refused(text)
            }
        }
    }
}
