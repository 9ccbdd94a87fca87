// SPDX-License-Identifier: Apache-2.0
import OCI

/// Reads scopes as the token endpoint does and answers each written again; nil when they are refused.
package func readScopes(_ text: String) -> [String]? {
    guard let scopes = try? TokenScope.parse([text]) else { return nil }
    return scopes.map { scope in
        precondition(scope.repository.map { $0.description == scope.name } ?? true, "a scope means the name it writes")
        precondition(Actions.all.isSuperset(of: scope.repositoryActions), "no action but those that exist")
        let type = scope.resourceClass.map { "\(scope.type)(\($0))" } ?? scope.type
        return "\(type):\(scope.name):\(scope.actions.joined(separator: ","))"
    }
}
