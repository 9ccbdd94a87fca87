// SPDX-License-Identifier: Apache-2.0

/// A registry under measurement.
protocol RegistryServer: AnyObject {
    var port: Int { get }
    var process: ServerProcess { get }
    /// The folder below which pushed bytes lie.
    var storage: String { get }

    /// What a client with rights on `repository` sends along; a fresh token where the registry has tokens.
    func authorization(for repository: String) throws -> [(String, String)]

    /// Stops the server when it runs, starts it again on its data, and returns the seconds to its first answer.
    func restart() throws -> Double
}

extension RegistryServer {
    /// The media types that clients accept. Without them docker-registry converts to schema 1 and looks slower than it is.
    var accept: (String, String) {
        ("Accept", "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json")
    }

    /// Headers of a pull: authorization and accepted types.
    func pullHeaders(for repository: String) throws -> [(String, String)] {
        try authorization(for: repository) + [accept]
    }
}
