// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL

/// The types of PostgreSQL that Haven's statements use, by their fixed numbers in `pg_type`.
enum PostgreSQLType {
    static let bool: Oid = 16
    static let bytes: Oid = 17
    static let name: Oid = 19
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let text: Oid = 25
    static let unknown: Oid = 705
    static let char: Oid = 1042
    static let varchar: Oid = 1043
    static let numeric: Oid = 1700
}

/// The values of one statement as the library takes them: all in binary form, in one buffer.
struct PostgreSQLParameters {
    /// 0 for NULL: the server infers it.
    private(set) var types: [Oid] = []
    private(set) var lengths: [Int32] = []
    private var offsets: [Int?] = []
    private var buffer: [UInt8] = []

    init(_ values: [SQLValue]) {
        for value in values { append(value) }
        buffer.append(0)  // so that the address of an empty last value lies inside
    }

    private mutating func append(_ value: SQLValue) {
        let start = buffer.count
        switch value {
        case .null:
            types.append(0)
        case .integer(let number):
            types.append(PostgreSQLType.int8)
            withUnsafeBytes(of: number.bigEndian) { buffer.append(contentsOf: $0) }
        case .text(let text):
            types.append(PostgreSQLType.text)
            buffer.append(contentsOf: text.utf8)
        case .blob(let bytes):
            types.append(PostgreSQLType.bytes)
            buffer.append(contentsOf: bytes)
        }
        offsets.append(value == .null ? nil : start)
        lengths.append(Int32(buffer.count - start))
    }

    /// Calls `body` with the addresses of the values.
    func withPointers<T>(_ body: ([UnsafePointer<CChar>?]) -> T) -> T {
        buffer.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                body(offsets.map { offset in offset.flatMap { characters.baseAddress?.advanced(by: $0) } })
            }
        }
    }
}

extension SQLValue {
    /// Reads a value of a result in binary form; nil when it is of a type that Haven's statements never give.
    init?(postgreSQL type: Oid, _ bytes: UnsafeRawBufferPointer) {
        switch type {
        case PostgreSQLType.int8: self = .integer(Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
        case PostgreSQLType.int4: self = .integer(Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self))))
        case PostgreSQLType.int2: self = .integer(Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self))))
        case PostgreSQLType.bool: self = .integer(bytes[0] == 0 ? 0 : 1)
        case PostgreSQLType.text, PostgreSQLType.varchar, PostgreSQLType.char, PostgreSQLType.name,
            PostgreSQLType.unknown:
            self = .text(String(decoding: bytes, as: UTF8.self))
        case PostgreSQLType.bytes: self = .blob([UInt8](bytes))
        case PostgreSQLType.numeric:
            guard let number = Int64(postgreSQLNumeric: bytes) else { return nil }
            self = .integer(number)
        default: return nil
        }
    }
}

extension Int64 {
    /// Reads a whole `numeric`, which sums of numbers are; nil when it has a fraction or does not fit.
    ///
    /// Its binary form (PostgreSQL, `numeric_send`): four 16-bit numbers (count of digits, weight of the first, sign, scale),
    /// then the digits to base 10,000.
    fileprivate init?(postgreSQLNumeric bytes: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> Int16 {
            Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: Int16.self))
        }
        guard bytes.count >= 8, bytes.count >= 8 + Int(word(0)) * 2 else { return nil }
        let (count, weight, sign) = (Int(word(0)), Int(word(1)), UInt16(bitPattern: word(2)))
        guard sign == 0 || sign == 0x4000 else { return nil }
        var value: Int64 = 0
        for index in 0..<Swift.max(count, weight + 1) {
            let digit = index < count ? Int64(word(4 + index)) : 0
            if index > weight {
                if digit != 0 { return nil }
                continue
            }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10_000)
            let (next, overflows) =
                sign == 0 ? shifted.addingReportingOverflow(digit) : shifted.subtractingReportingOverflow(digit)
            if overflow || overflows { return nil }
            value = next
        }
        self = value
    }
}
