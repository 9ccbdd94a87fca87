// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@Suite("JSON")
struct JSONTests {
    private func parse(_ text: String, _ limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
        try JSONValue(parsing: Array(text.utf8), limits: limits)
    }

    @Test("values of every kind are read, members in order and numbers as written")
    func kinds() throws {
        let value = try parse(
            #" {"b":[1,-0.5e+10,123456789012345678901234567890,null,true,false],"a":"x\"\\\/\b\f\n\r\té€😀","c":{}} "#)
        let numbers = ["1", "-0.5e+10", "123456789012345678901234567890"].map { JSONValue.number($0) }
        #expect(
            value
                == .object([
                    JSONMember(key: "b", value: .array(numbers + [.null, .bool(true), .bool(false)])),
                    JSONMember(key: "a", value: .string("x\"\\/\u{8}\u{C}\n\r\té€😀")),
                    JSONMember(key: "c", value: .object([])),
                ]))
        #expect(value["b"]?.array?.first?.integer == 1)
        #expect(value["b"]?.array?[2].integer == nil)
        #expect(value["none"] == nil)
    }

    @Test("escapes of Unicode are read, pairs of surrogates too")
    func escapes() throws {
        #expect(try parse(#""A\u00e9\u20AC\ud83d\uDE00\u0000""#) == .string("Aé€😀\0"))
    }

    @Test(
        "text outside the grammar is refused",
        arguments: [
            "", " ", "{", "[", "\"", "\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "[1,]",
            "[,1]",
            "[1 2]", "{a:1}", "{'a':1}", "{1:2}", "nul", "nulll", "tru", "True", "NaN", "Infinity", "+1", "01", "-",
            "-01",
            "1.", ".5", "1e", "1e+", "0x10", "1_000", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\", "\"\\u", "1 2",
            "{}{}",
            "[]]", "{}x", "// c\n1", "/* c */1", "\u{FEFF}{}", "\u{A0}1", "\"a\nb\"", "\"\t\"", "\"\u{1F}\"",
            "[\u{0B}1]",
            "{\"a\":1}\0", "\0",
        ])
    func grammar(_ text: String) { #expect(throws: JSONError.self) { try parse(text) } }

    @Test(
        "halves of surrogate pairs are refused",
        arguments: [
            #""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\ud800""#, #""\ud800A""#, #""\udc00\ud800""#,
            #""\ud83d\n""#, #"{"\udfff":1}"#,
        ])
    func surrogates(_ text: String) {
        #expect {
            try parse(text)
        } throws: {
            if case .loneSurrogate = $0 as? JSONError { true } else { false }
        }
    }

    @Test(
        "bytes that are not UTF-8 are refused, in strings and keys, after escapes too",
        arguments: [
            [0xFF], [0xC0, 0xAF], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xF8, 0x88],
        ] as [[UInt8]])
    func encoding(_ bytes: [UInt8]) {
        for (head, tail) in [("\"", "\""), ("\"\\n", "\""), ("{\"", "\":1}")] {
            #expect {
                try JSONValue(parsing: Array(head.utf8) + bytes + Array(tail.utf8))
            } throws: {
                if case .notUTF8 = $0 as? JSONError { true } else { false }
            }
        }
    }

    @Test("a key that stands twice is refused, however it is written and however large the object is")
    func duplicates() throws {
        #expect(throws: JSONError.duplicateKey("a")) { try parse(#"{"a":1,"b":2,"\u0061":3}"#) }
        #expect(throws: JSONError.duplicateKey("")) { try parse(#"{"":1,"":2}"#) }
        let many = (0..<1000).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(try parse("{\(many)}").object?.count == 1000)
        for again in [0, 5, 12, 999] {
            #expect(throws: JSONError.duplicateKey("k\(again)")) { try parse("{\(many),\"k\(again)\":1}") }
        }
        #expect(throws: JSONError.duplicateKey("x")) { try parse(#"[{"x":{"x":1}},{"x":1,"x":2}]"#) }
    }

    @Test("keys are compared by their bytes, not by how they look")
    func canonicalEquivalence() throws {
        let value = try parse("{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{E9}"]?.integer == 1)
        #expect(value["e\u{301}"]?.integer == 2)
        #expect(try parse("{\"\u{212A}\":1}")["K"] == nil)
    }

    @Test("nesting and counts beyond the limits are refused, and those at the limits are not")
    func limits() throws {
        let limits = JSONLimits(depth: 4, values: 10)
        #expect(throws: Never.self) { try parse("[[[[]]]]", limits) }
        #expect(throws: JSONError.tooDeep(limit: 4)) { try parse("[[[[[]]]]]", limits) }
        #expect(throws: JSONError.tooDeep(limit: 4)) { try parse(#"{"a":{"a":{"a":{"a":[]}}}}"#, limits) }
        #expect(throws: Never.self) { try parse("[1,2,3,4,5,6,7,8,9]", limits) }
        #expect(throws: JSONError.tooManyValues(limit: 10)) { try parse("[1,2,3,4,5,6,7,8,9,10]", limits) }
        #expect(throws: JSONError.tooDeep(limit: 64)) { try parse(String(repeating: "[", count: 2_000_000)) }
    }

    @Test("what the writer wrote reads as the same value")
    func writerRoundTrip() throws {
        let value = JSONValue.object([
            JSONMember(key: "", value: .array([.null, .bool(true), .bool(false), .array([]), .object([])])),
            JSONMember(key: "q\"\\\n", value: .string("\u{0}\u{1F}\"\\/\u{7F}\u{2028}é😀\r\t")),
            JSONMember(key: "n", value: .array([.number("-0"), .number("1e400"), .number("9223372036854775808")])),
        ])
        var json = JSONWriter()
        json.value(value)
        #expect(try JSONValue(parsing: json.bytes) == value)
    }

    @Test("the writer sets commas and escapes by itself")
    func writer() {
        var json = JSONWriter()
        json.beginObject()
        json.member("name", "a\"b\u{1}")
        json.key("list")
        json.beginArray()
        json.int(Int64.min)
        json.null()
        json.beginObject()
        json.endObject()
        json.bool(false)
        json.raw("[1]".utf8)
        json.endArray()
        json.member("size", UInt64.max)
        json.member("live", true)
        json.endObject()
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == #"{"name":"a\"b\u0001","list":[-9223372036854775808,null,{},false,[1]],"size":18446744073709551615,"live":true}"#
        )
    }
}
