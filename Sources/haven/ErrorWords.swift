// SPDX-License-Identifier: Apache-2.0

import Access
import BlobStorage
import Metadata
import SQLStorage

extension Haven {
    /// An error of the rooms below in words. The operator at the command line may see a cause, which a client never does.
    static func words(for error: any Error) -> String {
        switch error {
        case AccessError.metadata(let cause): "\(AccessError.metadata(cause).message): \(words(for: cause))"
        case AccessError.projectUnknown(let project): "there is no project \(project); haven project list names all"
        case AccessError.userUnknown(let name): "there is no user \(name); haven user list names all"
        case AccessError.secretKey(let text): "\(text) (secretkey_path)"
        case let error as AccessError: error.message
        case let error as MetadataError: error.words
        case let error as SQLError: error.cause
        case let error as BlobStorageError: error.words
        default: "\(error)"
        }
    }
}

extension MetadataError {
    fileprivate var words: String {
        switch self {
        case .raced: "somebody changed the same at the same time; try again"
        case .newerSchema(let number, let title):
            "the database was written by a newer version of Haven (migration \(number), \(title)); use that version"
        case .changedMigration(let number, let applied, let expected):
            "migration \(number) of the database is not the one of this version (\(applied), not \(expected)); use the "
                + "version that made it"
        case .foreignTables(let names):
            "the database holds tables that are not Haven's (\(names.joined(separator: ", "))); give Haven one of its own"
        case .noMigration(let wanted, let applied, let newest):
            "there is no way to migration \(wanted): the database is at \(applied), and this version ends at \(newest)"
        case .damaged(let what): "the database holds what no version writes (\(what)); restore a backup"
        case .projectGone: "the project was deleted meanwhile"
        case .blobGone(let digest): "there is no blob \(digest)"
        case .quotaExceeded(let used, let limit, let wanted):
            "the project has no room: \(used) of \(limit) bytes are used, and \(wanted) more were wanted"
        case .unsuitablePlace(let reason): reason
        }
    }
}

extension BlobStorageError {
    fileprivate var words: String {
        switch self {
        case .notFound: "an object that the database names is not in the store; run haven doctor --verify"
        case .full: "the store has no room; free space, or lower disk_reserve"
        case .refused(let cause): "the store refused: \(cause)"
        case .lost(let cause), .unreachable(let cause), .invalid(let cause): "the store failed: \(cause)"
        }
    }
}
