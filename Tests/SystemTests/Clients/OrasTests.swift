// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension Clients {
    /// The `oras` library from PyPI.
    @Suite("oras", .serialized, .pythonClient, .clientServers) struct OrasTests {
        let stage: Stage
        init() throws { stage = try .current }

        /// Opens a client named `c` and leaves the repository in `repository`.
        static let opening = """
            import json, os, sys, oras.client, oras.oci
            host, password, repository, authority, folder = sys.argv[1:6]
            insecure = authority == ''
            verify = False if insecure else authority
            os.makedirs(folder, exist_ok=True)
            os.chdir(folder)
            c = oras.client.OrasClient(hostname=host, insecure=insecure, tls_verify=verify, auth_backend='basic')
            print(c.login(username='admin', password=password, tls_verify=verify, hostname=host, config_path=folder + '/auth.json'))
            target = host + '/' + repository

            """

        @Test("oras · login", arguments: Transport.allCases)
        func login(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            try await endpoint.client.push(TestImage.make(), to: repository, at: "v1")
            let output = try await run("print(c.get_tags(target))", endpoint, repository)
            #expect(output.contains("Login Succeeded"))
            #expect(output.contains("['v1']"))
        }

        @Test("oras · login wrong", arguments: Transport.allCases)
        func wrongLogin(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let script = """
                open('f.txt', 'w').write('hello')
                try:
                    c.push(target=target + ':v1', files=['f.txt:text/plain'], quiet=True)
                    print('pushed')
                except Exception as error:
                    print('refused', error)
                """
            let repository = endpoint.repository()
            let output = try await run(script, endpoint, repository, password: "wrong")
            #expect(output.contains("refused"), "\(output)")
            #expect(try await endpoint.manifest(repository, "v1").status == 404)
        }

        @Test("oras · push", arguments: Transport.allCases)
        func push(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            let script = """
                open('f.txt', 'w').write('hello')
                r = c.push(target=target + ':v1', files=['f.txt:text/plain'], quiet=True, manifest_annotations={'a': 'b'})
                print(r.status_code)
                """
            let output = try await run(script, endpoint, repository)
            #expect(output.contains("201"), "\(output)")
            let stored = try await endpoint.manifest(repository, "v1")
            #expect(stored.text.contains(TestBlob("hello").digest))
        }

        @Test("oras · pull", arguments: Transport.allCases)
        func pull(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let script = """
                open('f.txt', 'w').write('hello')
                c.push(target=target + ':v1', files=['f.txt:text/plain'], quiet=True)
                files = c.pull(target=target + ':v1', outdir=folder + '/out')
                print(open(files[0]).read() + ' came back')
                """
            #expect(try await run(script, endpoint, endpoint.repository()).contains("hello came back"))
        }

        @Test("oras · list", arguments: Transport.allCases)
        func list(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            for number in 1...5 { try await endpoint.client.push(TestImage.make(), to: repository, at: "v\(number)") }
            let output = try await run("print(c.get_tags(target))", endpoint, repository)
            #expect(output.contains("['v1', 'v2', 'v3', 'v4', 'v5']"))
        }

        @Test("oras · delete", arguments: Transport.allCases)
        func delete(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            try await endpoint.client.push(TestImage.make(), to: repository, at: "v1")
            try await run("print(c.delete_tag(target, 'v1'))", endpoint, repository)
            #expect(try await endpoint.manifest(repository, "v1").status == 404)
        }

        @Test("oras · artifact with referrers", arguments: Transport.allCases)
        func artifact(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            let image = TestImage.make()
            try await endpoint.client.push(image, to: repository, at: "v1")
            let script = """
                open('sbom.json', 'w').write('{}')
                subject = oras.oci.Subject('\(image.mediaType)', '\(image.manifest.digest)', \(image.manifest.size))
                r = c.push(target=target + ':sbom', files=['sbom.json:application/json'], quiet=True, subject=subject)
                print(r.headers.get('OCI-Subject'))
                """
            let output = try await run(script, endpoint, repository)
            #expect(output.contains(image.manifest.digest), "\(output)")
            let referrers = try await endpoint.client.send(
                "GET", "/v2/\(repository)/referrers/\(image.manifest.digest)")
            #expect((referrers.json?["manifests"] as? [Any])?.count == 1)
        }

        @discardableResult
        private func run(
            _ script: String, _ endpoint: Endpoint, _ repository: String, password: String? = nil
        ) async throws -> String {
            let folder = "\(stage.folder)/oras-\(UInt64.random(in: .min ... .max))"
            return try await PythonClient.run(
                OrasTests.opening + script,
                [
                    endpoint.host, password ?? endpoint.password, repository,
                    endpoint.transport == .http ? "" : endpoint.authority.certificate, folder,
                ], environment: ["HOME": stage.folder])
        }
    }
}
