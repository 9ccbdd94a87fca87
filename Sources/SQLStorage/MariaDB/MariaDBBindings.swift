// SPDX-License-Identifier: Apache-2.0

import CMariaDB

/// Places in memory that the client library reads values from or writes them to, as long as this object lives.
final class MariaDBBindings {
    let binds: UnsafeMutablePointer<MYSQL_BIND>
    private let count: Int
    private let numbers: UnsafeMutablePointer<Int64>
    private let lengths: UnsafeMutablePointer<UInt>
    private let nulls: UnsafeMutablePointer<my_bool>
    private var buffers: [UnsafeMutableRawPointer] = []

    private init(count: Int) {
        self.count = count
        let capacity = max(count, 1)
        binds = .allocate(capacity: capacity)
        binds.initialize(repeating: MYSQL_BIND(), count: capacity)
        numbers = .allocate(capacity: capacity)
        numbers.initialize(repeating: 0, count: capacity)
        lengths = .allocate(capacity: capacity)
        lengths.initialize(repeating: 0, count: capacity)
        nulls = .allocate(capacity: capacity)
        nulls.initialize(repeating: 0, count: capacity)
    }

    deinit {
        binds.deallocate()
        numbers.deallocate()
        lengths.deallocate()
        nulls.deallocate()
        for buffer in buffers { buffer.deallocate() }
    }

    /// The values of a statement.
    convenience init(values: [SQLValue]) {
        self.init(count: values.count)
        for (index, value) in values.enumerated() {
            switch value {
            case .null:
                binds[index].buffer_type = MYSQL_TYPE_NULL
            case .integer(let number):
                numbers[index] = number
                binds[index].buffer_type = MYSQL_TYPE_LONGLONG
                binds[index].buffer = UnsafeMutableRawPointer(numbers + index)
            case .text(var text):
                text.withUTF8 { bind(index, MYSQL_TYPE_STRING, UnsafeRawBufferPointer($0)) }
            case .blob(let bytes):
                bytes.withUnsafeBytes { bind(index, MYSQL_TYPE_BLOB, $0) }
            }
        }
    }

    /// Room for the columns of a row: numbers whole; of texts and bytes the length only, as they are fetched one by one.
    convenience init(columns: [MariaDBColumn]) {
        self.init(count: columns.count)
        for (index, column) in columns.enumerated() {
            binds[index].is_null = nulls + index
            binds[index].length = lengths + index
            if column == .number {
                binds[index].buffer_type = MYSQL_TYPE_LONGLONG
                binds[index].buffer = UnsafeMutableRawPointer(numbers + index)
            } else {
                binds[index].buffer_type = column == .bytes ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING
            }
        }
    }

    func isNull(_ index: Int) -> Bool { nulls[index] != 0 }
    func number(_ index: Int) -> Int64 { numbers[index] }
    func length(_ index: Int) -> Int { Int(lengths[index]) }

    private func bind(_ index: Int, _ type: enum_field_types, _ bytes: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
        if let start = bytes.baseAddress { copy.copyMemory(from: start, byteCount: bytes.count) }
        buffers.append(copy)
        lengths[index] = UInt(bytes.count)
        binds[index].buffer_type = type
        binds[index].buffer = copy
        binds[index].buffer_length = UInt(bytes.count)
        binds[index].length = lengths + index
    }
}

/// What a column of a result holds.
enum MariaDBColumn: Equatable {
    case number
    /// Digits as text, as sums of numbers come.
    case decimal
    case text
    case bytes
    case other

    init(_ field: MYSQL_FIELD) {
        /// The number of the character set that means bytes.
        let binary: UInt32 = 63
        switch field.type {
        case MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_INT24, MYSQL_TYPE_LONG, MYSQL_TYPE_LONGLONG, MYSQL_TYPE_YEAR:
            self = .number
        case MYSQL_TYPE_DECIMAL, MYSQL_TYPE_NEWDECIMAL: self = .decimal
        case MYSQL_TYPE_VARCHAR, MYSQL_TYPE_VAR_STRING, MYSQL_TYPE_STRING, MYSQL_TYPE_TINY_BLOB, MYSQL_TYPE_MEDIUM_BLOB,
            MYSQL_TYPE_LONG_BLOB, MYSQL_TYPE_BLOB, MYSQL_TYPE_NULL:
            self = field.charsetnr == binary ? .bytes : .text
        default: self = .other
        }
    }
}
