// SPDX-License-Identifier: Apache-2.0

/// A private authority and a server certificate it signed, as PEM files in one folder; made by the openssl command.
///
///     let certificates = try await TestCertificates(in: folder)
///     // serve with certificates.certificate and certificates.key; clients trust certificates.authority
package struct TestCertificates: Sendable {
    /// The folder with all files.
    package let folder: String
    /// The authority's certificate, for clients to trust.
    package var authority: String { "\(folder)/ca.crt" }
    /// The server's certificate.
    package var certificate: String { "\(folder)/server.crt" }
    /// The server's key.
    package var key: String { "\(folder)/server.key" }

    private let names: String

    /// Makes the authority and the server's first pair.
    ///
    /// - Parameter names: What the server's certificates are valid for.
    package init(in folder: String, names: String = "DNS:localhost,IP:127.0.0.1,IP:::1") async throws {
        self.folder = folder
        self.names = names
        try await openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-keyout",
            "ca.key", "-out", "ca.crt", "-subj", "/CN=Haven test authority", "-addext",
            "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        try await issue()
    }

    /// Signs another pair with the same authority, and puts it in the place of the last.
    ///
    /// - Parameters:
    ///   - commonName: Tells one certificate from another; the names it is valid for stay the same.
    ///   - days: How long it is valid; below 0 it has run out.
    package func issue(commonName: String = "localhost", days: Int = 2) async throws {
        try await openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "new.key", "-out",
            "server.csr", "-subj", "/CN=\(commonName)", "-addext",
            "subjectAltName=\(names)")
        try await openssl(
            "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days",
            "\(days)",
            "-copy_extensions", "copy", "-out", "new.crt")
        let move = Tool("mv", workingFolder: folder)
        try await move.check("new.key", "server.key")
        try await move.check("new.crt", "server.crt")
    }

    private func openssl(_ arguments: String...) async throws {
        try await Tool("openssl", workingFolder: folder).check(arguments)
    }
}
