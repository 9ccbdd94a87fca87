// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension VendorSDKTests {
    @Suite("oss2") struct OSSSDKTests {
        /// The two signatures and the two styles of address that the library speaks.
        static let ways = ["v1 path", "v1 host", "v4 path", "v4 host"]

        private static let frame = #"""
            import socket, sys, urllib.request, oss2
            port, access, secret, name, region, way = sys.argv[1:7]
            version, style = way.split()
            # Names below localhost are this machine, also where no resolver says so.
            real = socket.getaddrinfo
            socket.getaddrinfo = lambda host, *more, **named: real(
                '127.0.0.1' if host.endswith('localhost') else host, *more, **named)
            def connect(secret):
                return oss2.Bucket(
                    oss2.make_auth(access, secret, version),
                    'http://%s:%s' % ('127.0.0.1' if style == 'path' else 'localhost', port), name, region=region,
                    is_path_style=style == 'path')
            def refused(work):
                try:
                    work()
                    return 'accepted'
                except oss2.exceptions.ServerError as error:
                    return '%s %s' % (error.status, error.code or '-')
            def get(url):
                try:
                    with urllib.request.urlopen(url) as answer: return answer.read().decode()
                except urllib.error.HTTPError as error:
                    return '%s %s' % (error.code, error.read().decode().split('Code>')[1][:-2])
            b = connect(secret)

            """#

        private func run(_ way: String, _ script: String) async throws -> [String] {
            let double = try await OSSDouble.start()
            let lines = try await VendorScript(text: Self.frame + script)
                .run(["\(double.server.port)", double.accessKey, double.secret, double.bucket, double.region, way])
            await double.stop()
            return lines
        }

        @Test("stores whole objects, reads them and their ranges, and deletes them", arguments: ways)
        func wholeObjects(_ way: String) async throws {
            let lines = try await run(
                way,
                #"""
                key = 'docker/a b+c/é%/x'
                b.put_object(key, b'hello world', headers={'Content-Type': 'text/plain', 'x-oss-meta-a': 'b'})
                print(b.head_object(key).content_length, b.get_object(key).read().decode())
                print(b.get_object(key, byte_range=(6, 8)).read().decode(), b.get_object(key, byte_range=(6, None)).read().decode())
                print(refused(lambda: b.put_object(key, b'x', headers={'x-oss-forbid-overwrite': 'true'})))
                b.delete_object(key)
                b.delete_object(key)
                print(b.object_exists(key), refused(lambda: b.get_object(key)), refused(lambda: b.head_object(key)))
                for i in range(5): b.put_object('d/%d' % i, b'x')
                print(sorted(b.batch_delete_objects(['d/%d' % i for i in range(6)]).deleted_keys) ==
                      ['d/%d' % i for i in range(6)], b.object_exists('d/3'))
                """#)
            #expect(
                lines == [
                    "11 hello world", "wor world", "409 FileAlreadyExists", "False 404 NoSuchKey 404 -", "True False",
                ])
        }

        @Test("stores objects by parts, and refuses small and unknown ones", arguments: ways)
        func parts(_ way: String) async throws {
            let lines = try await run(
                way,
                #"""
                from oss2.models import PartInfo
                part = b'0123456789' * 10240
                u = b.init_multipart_upload('big').upload_id
                etags = {n: b.upload_part('big', u, n, part).etag for n in (2, 5)}
                etags[9] = b.upload_part('big', u, 9, b'tail').etag
                print([(p.part_number, p.size) for p in b.list_parts('big', u, max_parts=2).parts])
                print([(x.key, x.upload_id == u) for x in b.list_multipart_uploads(prefix='bi').upload_list])
                print(refused(lambda: b.complete_multipart_upload('big', u, [PartInfo(3, etags[2])])))
                b.complete_multipart_upload('big', u, [PartInfo(n, etags[n]) for n in (2, 5, 9)])
                print(b.get_object('big').read() == part + part + b'tail', b.head_object('big').etag.endswith('-3'))
                print(refused(lambda: b.complete_multipart_upload('big', u, [PartInfo(2, etags[2])])))
                u = b.init_multipart_upload('small').upload_id
                p = [PartInfo(n, b.upload_part('small', u, n, b'small').etag) for n in (1, 2)]
                print(refused(lambda: b.complete_multipart_upload('small', u, p)))
                b.abort_multipart_upload('small', u)
                print(refused(lambda: b.abort_multipart_upload('small', u)), len(b.list_multipart_uploads().upload_list))
                """#)
            #expect(
                lines == [
                    "[(2, 102400), (5, 102400)]", "[('big', True)]", "400 InvalidPart", "True True",
                    "404 NoSuchUpload", "400 EntityTooSmall", "404 NoSuchUpload 0",
                ])
        }

        @Test("lists by prefix, page after page", arguments: ways)
        func listing(_ way: String) async throws {
            let lines = try await run(
                way,
                #"""
                for i in range(7): b.put_object('p/%d &<>+%%' % i, b'x' * i)
                b.put_object('q', b'')
                print([(o.key, o.size) for o in oss2.ObjectIteratorV2(b, prefix='p/', max_keys=3)] ==
                      [('p/%d &<>+%%' % i, i) for i in range(7)])
                print(len(b.list_objects_v2().object_list), len(b.list_objects_v2(prefix='z').object_list))
                """#)
            #expect(lines == ["True", "8 0"])
        }

        @Test("is refused with a wrong secret, and so is a signed address that was changed or is over", arguments: ways)
        func signatures(_ way: String) async throws {
            let lines = try await run(
                way,
                #"""
                import time
                b.put_object('s', b'shared')
                print(refused(lambda: connect('wrong').put_object('s', b'x')))
                url = b.sign_url('GET', 's', 60, slash_safe=True)
                print(get(url), get(b.sign_url('GET', 's', 60, params={'response-content-type': 'text/plain'})))
                print(get(url.replace('/s?', '/t?')))
                print(get(url.replace('Expires=', 'Expires=9').replace('-expires=', '-expires=9')))
                short = b.sign_url('GET', 's', 1)
                time.sleep(2.1)
                print(get(short))
                print(get(url.split('?')[0]))
                """#)
            #expect(
                lines == [
                    "403 SignatureDoesNotMatch", "shared shared", "403 SignatureDoesNotMatch",
                    "403 SignatureDoesNotMatch", "403 AccessDenied", "403 AccessDenied",
                ])
        }
    }
}
