// SPDX-License-Identifier: Apache-2.0

/// What a closed loop of requests gave.
struct LoadResult {
    let requests: Int
    let seconds: Double
    let p50Milliseconds: Double
    let p99Milliseconds: Double

    var rate: Double { Double(requests) / seconds }
}

/// Requests that a load client repeats on every connection.
struct LoadRequest {
    enum Variation {
        case none
        /// Another range of this many bytes each time, in a blob of this size.
        case ranges(blob: Int, length: Int)
        /// Another `last` each time: the prefix and a number below `count` with so many digits.
        case last(prefix: String, digits: Int, count: Int)
    }
    let port: Int
    let path: String
    var headers: [(String, String)] = []
    var variation = Variation.none
}
