// SPDX-License-Identifier: Apache-2.0

import CloudStorage
import Testing

/// The examples of AWS, "Signature Calculations for the Authorization Header" and "Authenticating Requests: Using Query
/// Parameters".
@Suite("signature version 4")
struct SignatureV4Tests {
    private let signature = SignatureV4(
        accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region: "us-east-1")
    private let time = UTCTime(iso8601: "2013-05-24T00:00:00Z")
    private let host = "examplebucket.s3.amazonaws.com"

    private func signed(
        _ method: String, _ path: String, query: String = "", more: [(name: String, value: String)] = [],
        payload: String = SignatureV4.emptyPayload
    ) throws -> String {
        let headers = signature.headers(
            method: method, path: path, query: query, headers: [(name: "Host", value: host)] + more, payload: payload,
            at: try #require(time))
        let authorization = headers.first { $0.name == "authorization" }?.value ?? ""
        return String(authorization.split(separator: "=").last ?? "")
    }

    @Test("GET of an object's range")
    func get() throws {
        #expect(
            try signed("GET", "/test.txt", more: [(name: "Range", value: "bytes=0-9")])
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test("PUT of an object with a date, a storage class and a body")
    func put() throws {
        let payload = WireText.hex(WireText.sha256(Array("Welcome to Amazon S3.".utf8)))
        #expect(
            try signed(
                "PUT", "/" + WireText.percentEncoded("test$file.text", keepingSlashes: true),
                more: [
                    (name: "Date", value: "Fri, 24 May 2013 00:00:00 GMT"),
                    (name: "x-amz-storage-class", value: "REDUCED_REDUNDANCY"),
                ], payload: payload) == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    }

    @Test("a query without a value, and one with two in order")
    func queries() throws {
        #expect(
            try signed("GET", "/", query: WireText.query([("lifecycle", "")]))
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
        #expect(
            try signed("GET", "/", query: WireText.query([("prefix", "J"), ("max-keys", "2")]))
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }

    @Test("an address signed for a day")
    func presigned() throws {
        let query = signature.presignedQuery(
            method: "GET", host: host, path: "/test.txt", query: [], expires: 86_400, at: try #require(time))
        #expect(
            query.hasSuffix("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
    }
}
