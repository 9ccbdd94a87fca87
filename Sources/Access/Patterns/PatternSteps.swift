// SPDX-License-Identifier: Apache-2.0

/// One step of a compiled pattern: a state of an automaton without output.
enum PatternStep: Sendable, Hashable {
    /// Takes one byte of the set and goes on to the next step.
    case take(ByteSet)
    /// Goes to both places without taking anything.
    case split(Int, Int)
    /// Goes on elsewhere without taking anything.
    case jump(Int)
    /// All of the pattern is matched.
    case end
}

/// A set of bytes as 256 bits.
struct ByteSet: Sendable, Hashable {
    private var bits: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    static let all = ByteSet().inverted
    /// All but the slash.
    static let segment: ByteSet = {
        var set = ByteSet()
        set.insert(UInt8(ascii: "/"))
        return set.inverted
    }()

    init() {}

    init(_ byte: UInt8) {
        insert(byte)
    }

    mutating func insert(_ byte: UInt8) {
        let bit: UInt64 = 1 << (UInt64(byte) & 63)
        switch byte >> 6 {
        case 0: bits.0 |= bit
        case 1: bits.1 |= bit
        case 2: bits.2 |= bit
        default: bits.3 |= bit
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: bits.0
            case 1: bits.1
            case 2: bits.2
            default: bits.3
            }
        return word & (1 << (UInt64(byte) & 63)) != 0
    }

    var inverted: ByteSet {
        var set = self
        set.bits = (~bits.0, ~bits.1, ~bits.2, ~bits.3)
        return set
    }

    static func == (left: ByteSet, right: ByteSet) -> Bool { left.bits == right.bits }

    func hash(into hasher: inout Hasher) {
        hasher.combine(bits.0)
        hasher.combine(bits.1)
        hasher.combine(bits.2)
        hasher.combine(bits.3)
    }
}

/// All places in a pattern that the text so far may have led to.
struct PatternThreads {
    private var current: [Int] = []
    private var next: [Int] = []
    private var isListed: [Bool]

    init(count: Int) {
        isListed = Array(repeating: false, count: count)
    }

    var isEmpty: Bool { current.isEmpty }

    func holds(_ step: Int) -> Bool { current.contains(step) }

    /// Lists a step and all that can be reached from it without taking a byte, each once.
    mutating func add(_ first: Int, _ steps: [PatternStep]) {
        var waiting = [first]
        while let step = waiting.popLast() {
            guard !isListed[step] else { continue }
            isListed[step] = true
            switch steps[step] {
            case .take, .end: current.append(step)
            case .jump(let target): waiting.append(target)
            case .split(let one, let other):
                waiting.append(one)
                waiting.append(other)
            }
        }
    }

    mutating func advance(over byte: UInt8, _ steps: [PatternStep]) {
        swap(&current, &next)
        current.removeAll(keepingCapacity: true)
        for index in isListed.indices { isListed[index] = false }
        for step in next {
            if case .take(let set) = steps[step], set.contains(byte) { add(step + 1, steps) }
        }
    }
}
