// SPDX-License-Identifier: Apache-2.0
internal import CFuzzer
internal import Glibc

/// Stops the program, which libFuzzer reports together with the input, when a promise does not hold.
package func promise(_ holds: Bool, _ words: StaticString) {
    precondition(holds, "broken promise: \(words)")
}

/// The bytes of one input.
package func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: start, count: count))
}

/// Runs libFuzzer with the options of the command line until its time is over or `feed` stops the program.
package func runFuzzer(_ feed: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt) -> Never {
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&count, &arguments, feed))
}

/// The text before and after the first byte 0: a small input that needs two texts. The second is nil without that byte.
package func twoParts(_ bytes: [UInt8]) -> (first: [UInt8], second: [UInt8]?) {
    guard let zero = bytes.firstIndex(of: 0) else { return (bytes, nil) }
    return (Array(bytes[..<zero]), Array(bytes[(zero + 1)...]))
}
