// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension Clients {
    /// `docker-registry-client-async` from PyPI.
    @Suite("docker-registry-client-async", .serialized, .pythonClient, .clientServers) struct AsyncClientTests {
        let stage: Stage
        init() throws { stage = try .current }

        /// Runs the body `use(c, name)` with an open client.
        static let frame = """
            import asyncio, base64, hashlib, sys
            from docker_registry_client_async import DockerRegistryClientAsync, FormattedSHA256, ImageName, Manifest
            from urllib.parse import urljoin
            host, password, repository, url = sys.argv[1:5]
            async def main():
                async with DockerRegistryClientAsync() as c:
                    secret = base64.b64encode(('admin:' + password).encode()).decode()
                    await c.add_credentials(credentials=secret, endpoint=host)
                    await use(c, ImageName.parse(host + '/' + repository + ':v1'))
            asyncio.run(main())

            """

        @Test("docker-registry-client-async · login", arguments: Transport.allCases)
        func login(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let script = """
                async def use(c, name):
                    answer = await c.get_version(name)
                    print(answer)
                """
            #expect(try await run(script, endpoint, "library/x").contains("200"))
        }

        @Test("docker-registry-client-async · login wrong", arguments: Transport.allCases)
        func wrongLogin(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            try await endpoint.client.push(TestImage.make(), to: repository, at: "v1")
            let script = """
                async def use(c, name):
                    try:
                        answer = await c.get_manifest(name)
                        print('status', answer['client_response'].status)
                    except Exception as error:
                        print('refused', error)
                """
            let output = try await run(script, endpoint, repository, password: "wrong")
            #expect(output.contains("refused") || output.contains("status 401"), "\(output)")
        }

        @Test("docker-registry-client-async · pull", arguments: Transport.allCases)
        func pull(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            let image = TestImage.make()
            try await endpoint.client.push(image, to: repository, at: "v1")
            let script = """
                async def use(c, name):
                    head = await c.head_manifest(name)
                    print('head', head.digest)
                    manifest = await c.get_manifest(name)
                    print('get', manifest.manifest.get_digest())
                    for layer in manifest.manifest.json['layers']:
                        blob = await c.get_blob(name, FormattedSHA256.parse(layer['digest']))
                        print('blob', hashlib.sha256(blob.blob).hexdigest())
                """
            let output = try await run(script, endpoint, repository)
            #expect(output.contains("head \(image.manifest.digest)"), "\(output)")
            #expect(output.contains("get \(image.manifest.digest)"), "\(output)")
            for layer in image.layers {
                #expect(output.contains("blob \(layer.digest.dropFirst("sha256:".count))"), "\(output)")
            }
        }

        @Test("docker-registry-client-async · push", arguments: Transport.allCases)
        func push(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            let image = TestImage.make()
            let blobs = image.blobs.map { "bytes.fromhex('\($0.bytes.hexadecimal)')" }.joined(separator: ", ")
            let script = """
                blobs = [\(blobs)]
                manifest = bytes.fromhex('\(image.manifest.bytes.hexadecimal)')
                async def use(c, name):
                    for blob in blobs:
                        begun = await c.post_blob(name)
                        digest = FormattedSHA256.calculate(blob)
                        done = await c.put_blob_upload(urljoin(url, begun.location), digest, data=blob)
                        print('blob', done.client_response.status)
                    put = await c.put_manifest(name, Manifest(manifest, media_type='\(image.mediaType)'))
                    print('manifest', put.client_response.status, put.digest)
                """
            let output = try await run(script, endpoint, repository)
            #expect(output.contains("manifest 201 \(image.manifest.digest)"), "\(output)")
            #expect(try await endpoint.manifest(repository, "v1").body == image.manifest.bytes)
        }

        @Test("docker-registry-client-async · list", arguments: Transport.allCases)
        func list(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            for tag in ["v1", "v2"] { try await endpoint.client.push(TestImage.make(), to: repository, at: tag) }
            let script = """
                async def use(c, name):
                    answer = await c.get_tag_list(name)
                    print([tag.tag for tag in answer.tags])
                """
            #expect(try await run(script, endpoint, repository).contains("['v1', 'v2']"))
        }

        private func run(
            _ script: String, _ endpoint: Endpoint, _ repository: String, password: String? = nil
        ) async throws -> String {
            try await PythonClient.run(
                script + "\n" + AsyncClientTests.frame,
                [endpoint.host, password ?? endpoint.password, repository, endpoint.url],
                environment: [
                    "HOME": stage.folder, "DRCA_DEFAULT_PROTOCOL": endpoint.transport.rawValue,
                    "DRCA_CACERTS": endpoint.transport == .https ? endpoint.authority.certificate : nil,
                    "DRCA_CREDENTIALS_STORE": "\(stage.folder)/none.json",
                ])
        }
    }
}
