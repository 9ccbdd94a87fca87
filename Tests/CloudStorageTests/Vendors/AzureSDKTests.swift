// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension VendorSDKTests {
    @Suite("azure-storage-blob") struct AzureSDKTests {
        /// Connects as the library's users do, with a key that may be wrong.
        private static let frame = #"""
            import datetime, sys, urllib.request
            from azure.core.exceptions import HttpResponseError
            from azure.storage.blob import (BlobBlock, BlobServiceClient, BlobSasPermissions, generate_blob_sas)
            endpoint, account, key, container = sys.argv[1:5]
            def connect(key):
                return BlobServiceClient.from_connection_string(
                    'DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=%s;'
                    % (account, key, endpoint), retry_total=0).get_container_client(container)
            def refused(work):
                try:
                    work()
                    return 'accepted'
                except HttpResponseError as error:
                    return '%s %s' % (error.status_code, getattr(error.error_code, 'value', error.error_code))
            def get(url):
                try:
                    with urllib.request.urlopen(url) as answer: return answer.read().decode()
                except urllib.error.HTTPError as error:
                    return '%s %s' % (error.code, error.headers['x-ms-error-code'])
            c = connect(key)

            """#

        private func run(_ script: String) async throws -> [String] {
            let double = try await AzureDouble.start()
            let lines = try await VendorScript(text: Self.frame + script)
                .run([double.endpoint, double.account, double.key, double.container])
            await double.stop()
            return lines
        }

        @Test("stores whole blobs, reads them and their ranges, and deletes them")
        func wholeBlobs() async throws {
            let lines = try await run(
                #"""
                b = c.get_blob_client('docker/a b+c/é%/x')
                b.upload_blob(b'hello world', overwrite=True)
                print(b.get_blob_properties().size, b.download_blob().readall().decode())
                print(b.download_blob(offset=6, length=3).readall().decode(), b.download_blob(offset=6).readall().decode())
                print(refused(lambda: b.upload_blob(b'again', overwrite=False)))
                print(refused(lambda: b.download_blob(offset=11, length=1).readall()))
                b.delete_blob()
                print(refused(b.delete_blob), refused(b.get_blob_properties), refused(lambda: b.download_blob().readall()))
                """#)
            #expect(
                lines == [
                    "11 hello world", "wor world", "409 BlobAlreadyExists", "416 InvalidRange",
                    "404 BlobNotFound 404 BlobNotFound 404 BlobNotFound",
                ])
        }

        @Test("stores blobs by blocks, and a list drops every other block")
        func blocks() async throws {
            let lines = try await run(
                #"""
                b = c.get_blob_client('blocks')
                for i in (1, 2, 3): b.stage_block('%06d' % i, (b'%d' % i) * 3)
                print(refused(b.get_blob_properties), len(b.get_block_list('all')[1]))
                b.commit_block_list([BlobBlock('000003'), BlobBlock('000001')])
                print(b.download_blob().readall().decode(), [len(l) for l in b.get_block_list('all')])
                print(refused(lambda: b.commit_block_list([BlobBlock('000002')])))
                print(refused(lambda: b.commit_block_list([BlobBlock('000001')], match_condition=__import__(
                    'azure.core').core.MatchConditions.IfMissing)))
                print(refused(lambda: b.stage_block('1', b'x')))
                big = c.get_blob_client('big')
                data = bytes(range(256)) * 40000
                big.upload_blob(data, max_concurrency=2, overwrite=True)
                print(big.download_blob().readall() == data)
                c2 = connect(key); c2._config.max_single_put_size = 1 << 20; c2._config.max_block_size = 1 << 20
                two = c2.get_blob_client('two')
                two.upload_blob(data, overwrite=True)
                print(two.download_blob().readall() == data, len(two.get_block_list('committed')[0]))
                """#)
            #expect(
                lines == [
                    "404 BlobNotFound 3", "333111 [2, 0]", "400 InvalidBlockList", "409 BlobAlreadyExists",
                    "400 InvalidBlobOrBlock", "True", "True 10",
                ])
        }

        @Test("lists by prefix, page after page")
        func listing() async throws {
            let lines = try await run(
                #"""
                for i in range(7): c.upload_blob('p/%d&<>' % i, b'x' * i)
                c.upload_blob('q', b'')
                print([(b.name, b.size) for b in c.list_blobs(name_starts_with='p/', results_per_page=3)] ==
                      [('p/%d&<>' % i, i) for i in range(7)])
                print(len(list(c.list_blobs())), len(list(c.list_blobs(name_starts_with='z'))))
                """#)
            #expect(lines == ["True", "8 0"])
        }

        @Test("is refused with a wrong key, and so is a shared signature that was changed or is over")
        func signatures() async throws {
            let lines = try await run(
                #"""
                import base64
                c.upload_blob('s', b'shared')
                print(refused(lambda: connect(base64.b64encode(b'wrong' * 8).decode()).upload_blob('s', b'x', overwrite=True)))
                def sas(seconds, **more):
                    more = {'permission': BlobSasPermissions(read=True), **more}
                    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
                    return endpoint + '/' + container + '/s?' + generate_blob_sas(
                        account, container, 's', account_key=key, expiry=end, **more)
                url = sas(60)
                print(get(url), get(sas(60, content_disposition='attachment')))
                print(get(url.replace('/s?', '/t?')), get(url[:-5] + 'AAA%3D'))
                print(get(url.replace('sp=r', 'sp=rw')), get(sas(-5)))
                print(get(sas(60, permission=BlobSasPermissions(write=True))))
                print(get(endpoint + '/' + container + '/s'))
                """#)
            #expect(
                lines == [
                    "403 AuthenticationFailed", "shared shared",
                    "403 AuthenticationFailed 403 AuthenticationFailed",
                    "403 AuthenticationFailed 403 AuthenticationFailed", "403 AuthorizationPermissionMismatch",
                    "401 NoAuthenticationInformation",
                ])
        }
    }
}
