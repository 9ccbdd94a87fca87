// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import Logging
import OCI
import Testing

@Suite("notations")
struct NotationTests {
    @Test(
        "times are the same in every form",
        arguments: [
            (0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_210_096, "2024-02-29T12:34:56Z", "Thu, 29 Feb 2024 12:34:56 GMT"),
            (4_107_542_399, "2100-02-28T23:59:59Z", "Sun, 28 Feb 2100 23:59:59 GMT"),
        ] as [(Int64, String, String)])
    func times(_ seconds: Int64, _ iso: String, _ http: String) {
        let time = UTCTime(seconds: seconds)
        #expect(time.iso8601 == iso)
        #expect(time.httpDate == http)
        #expect(UTCTime(iso8601: iso) == time)
        #expect(UTCTime(iso8601: iso.dropLast() + ".123456") == time)
        #expect(UTCTime(httpDate: http) == time)
        #expect(time.basic == iso.filter { $0 != "-" && $0 != ":" })
    }

    @Test("what is no time is nil", arguments: ["", "yesterday", "2026-13", "2026-11-25 13:00"])
    func noTimes(_ text: String) {
        #expect(UTCTime(iso8601: text) == nil)
        #expect(UTCTime(httpDate: text) == nil)
    }

    @Test("percent encoding keeps only what RFC 3986 calls unreserved")
    func percent() {
        #expect(WireText.percentEncoded("a/b c~é+*") == "a%2Fb%20c~%C3%A9%2B%2A")
        #expect(WireText.percentEncoded("a/b", keepingSlashes: true) == "a/b")
        #expect(WireText.query([("b", "2 3"), ("a", ""), ("b", "1")]) == "a=&b=1&b=2%203")
    }

    @Test(
        "Base64 is that of RFC 4648",
        arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
    func base64(_ text: String, _ encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test("XML is read by name, with its text joined and its entities resolved")
    func xml() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>\
            <Contents><Key>a&amp;b&#13;</Key></Contents><x:Contents xmlns:x="y"><Key>é</Key></x:Contents></ListBucketResult>
            """
        let document = try XMLDocument(parsing: Array(text.utf8))
        #expect(document.name == "ListBucketResult")
        #expect(document["Name"]?.text == "b")
        #expect(document.all("Contents").map { $0["Key"]?.text } == ["a&b\r", "é"])
        #expect(document["Nothing"] == nil)
    }

    @Test(
        "what is no XML, or grows when it is read, is refused",
        arguments: [
            "", "{}", "<a>", "<a></b>", "<a/><b/>", "\u{0}",
            "<!DOCTYPE a [<!ENTITY b \"x\"><!ENTITY c \"" + String(repeating: "&b;", count: 2_000) + "\"><!ENTITY d \""
                + String(repeating: "&c;", count: 2_000) + "\"><!ENTITY e \"" + String(repeating: "&d;", count: 2_000)
                + "\">]><a>&e;</a>",
        ])
    func noXML(_ text: String) {
        #expect(throws: (any Error).self) { try XMLDocument(parsing: Array(text.utf8)) }
    }

    @Test("an address of a server is taken apart, and anything else is none")
    func addresses() {
        #expect(ServerAddress("HTTP://h:80/a/b//")?.url == "http://h/a/b")
        #expect(ServerAddress("https://h:8443")?.url == "https://h:8443")
        for text in ["", "h", "ftp://h", "http://", "http://u@h", "http://h?q", "http://h/ a", "https:///p"] {
            #expect(ServerAddress(text) == nil, "\(text)")
        }
    }
}

@Suite("options of drivers")
struct OptionTests {
    @Test("everything wrong is told at once")
    func faults() {
        var reader = OptionReader([
            "accesskey": "a", "buckt": "b", "encrypt": "perhaps", "chunksize": "1", "regionendpoint": "ftp://x",
        ])
        _ = S3Options(&reader)
        let faults = reader.faults()
        #expect(faults.contains(.missing("secretkey")) && faults.contains(.missing("bucket")))
        #expect(faults.contains(.missing("region")))
        #expect(faults.contains(.wrong("encrypt", accepts: "true or false")))
        let kinds = faults.map { fault in
            switch fault {
            case .missing(let key), .wrong(let key, _), .unknown(let key, _), .idle(let key, _): key
            }
        }
        #expect(Set(kinds) == ["secretkey", "bucket", "region", "encrypt", "chunksize", "regionendpoint", "buckt"])
    }

    @Test("the line of Harbor's guide is complete")
    func guide() {
        var reader = OptionReader([
            "username": "yourusername", "password": "yourpass", "authurl": "http://192.168.1.217/identity/v3",
            "tenant": "admin", "domain": "default", "region": "RegionOne", "container": "docker_images",
        ])
        let options = SwiftOptions(&reader)
        #expect(reader.faults() == [])
        #expect(options.version == .v3)
        #expect(options.authURL?.url == "http://192.168.1.217/identity/v3")
        #expect(options.container == "docker_images")
    }

    @Test(
        "the version of a login is told by the address, or given",
        arguments: [
            ("http://h/auth/v1.0", nil, SwiftOptions.Version.v1), ("http://h:5000/v2.0", nil, .v2),
            ("http://h/v3", nil, .v3), ("http://h/keystone", "2", .v2),
        ] as [(String, String?, SwiftOptions.Version)])
    func versions(_ address: String, _ given: String?, _ version: SwiftOptions.Version) {
        var pairs = ["username": "u", "password": "p", "container": "c", "authurl": address]
        pairs["authversion"] = given
        var reader = OptionReader(pairs)
        #expect(SwiftOptions(&reader).version == version)
        #expect(reader.faults() == [])
    }

    @Test("a bucket stands in the host's name at AWS, and in the path elsewhere, unless asked otherwise")
    func styles() {
        var aws = OptionReader(["accesskey": "a", "secretkey": "s", "bucket": "b", "region": "eu-central-1"])
        let there = S3Options(&aws)
        #expect(there.endpoint.url == "https://s3.eu-central-1.amazonaws.com" && !there.isPathStyle)
        var own = OptionReader([
            "accesskey": "a", "secretkey": "s", "bucket": "b", "region": "r", "regionendpoint": "minio:9000",
            "secure": "false", "encrypt": "true", "keyid": "k", "storageclass": "STANDARD_IA",
        ])
        let here = S3Options(&own)
        #expect(here.endpoint.url == "http://minio:9000" && here.isPathStyle)
        #expect(here.encryption == "aws:kms" && here.storageClass == "STANDARD_IA")
        #expect(own.faults() == [])
    }

    @Test("no text of a driver or of what holds it shows a secret")
    func secrets() async throws {
        let secret = "s3cr3t"
        var s3 = OptionReader(["accesskey": "a", "secretkey": secret, "bucket": "b", "region": "r"])
        var swift = OptionReader([
            "username": "u", "password": secret, "authurl": "http://h/v3", "container": "c", "tempurlkey": secret,
        ])
        let options: (S3Options, SwiftOptions) = (S3Options(&s3), SwiftOptions(&swift))
        let logger = Logger(label: "test")
        let services: [any ObjectService] = [
            try S3Service(options.0, logger: logger), try SwiftService(options.1, logger: logger),
        ]
        for service in services {
            for text in ["\(service)", String(reflecting: service), "\([service])"] {
                #expect(!text.contains(secret), "a secret is shown")
            }
            await service.close()
        }
        for text in ["\(options)", "\(s3)", String(reflecting: swift)] {
            #expect(!text.contains(secret), "a secret is shown")
        }
    }

    @Test("an address is signed for the bucket's host or for its path")
    func signedAddresses() async throws {
        for (style, start) in [
            ("false", "https://b.s3.eu-west-1.amazonaws.com/"), ("true", "https://s3.eu-west-1.amazonaws.com/b/"),
        ] {
            var reader = OptionReader([
                "accesskey": "a", "secretkey": "s", "bucket": "b", "region": "eu-west-1", "forcepathstyle": style,
                "rootdirectory": "/some folder/",
            ])
            let service = try S3Service(S3Options(&reader), logger: Logger(label: "test"))
            let address = await service.signedURL(of: BlobLocation(rawValue: "x/y"))
            #expect(address?.hasPrefix(start + "some%20folder/x/y?X-Amz-") == true, "\(address ?? "")")
            await service.close()
        }
    }

    @Test("parts grow, so that ten thousand of them are enough for the largest object")
    func growth() {
        let rules = ObjectRules(smallestPiece: 5 << 20, checksums: .sha256)
        #expect(rules.length(of: 1) == 16 << 20)
        #expect(rules.length(of: 1_000) == 16 << 20)
        #expect(rules.length(of: 1_001) == 32 << 20)
        let whole = (1...10_000).reduce(Int64(0)) { $0 + rules.length(of: $1) }
        #expect(whole > 5 << 40)
        let isPossible = (1...10_000).allSatisfy { rules.length(of: $0) <= 5 << 30 }
        #expect(isPossible)
    }
}
