// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What the command line asks for.
struct Options {
    static let help = """
        Usage: Benchmarks/run [stores|long] [options]

          stores            only the rows of object stores
          long              1 M tags, 100,000 repositories, collection of 200,000 blobs, instead of the table of minutes
          --rounds N        rounds of each scenario (5)
          --seconds N       length of one run of a load client (3)
          --blob-mib N      size of the large blob (1024)
          --store-mib N     size of the blobs on object stores (256)
          --scale X         share of the long scenarios' numbers (1)
          --quick           1 round, 1 second, 64 MiB, a hundredth of the long numbers: shows that everything runs
          --only A,B        only these scenarios
          --list            names the scenarios
          --haven FILE      the release build (.build/release/haven)
          --folder DIR      where data lies while measuring (Benchmarks/.build/data); removed afterwards
          --write           also writes the table to labs/speed/results.md (results-long.md)
        """

    var group = BenchmarkGroup.short
    var rounds = 5
    var seconds = 3
    var blobMebibytes = 1024
    var storeMebibytes = 256
    var scale = 1.0
    var only: Set<String> = []
    var lists = false
    var writes = false
    var haven: String
    var folder: String
    /// The repository's root.
    let root: String

    init(_ arguments: [String], root: String) throws {
        self.root = root
        haven = "\(root)/.build/release/haven"
        folder = "\(root)/Benchmarks/.build/data"
        var rest = arguments[...]
        while let word = rest.popFirst() { try take(word, &rest) }
    }

    /// Whether any of these scenarios is to run.
    func asksFor(_ names: [String]) -> Bool { only.isEmpty || !only.isDisjoint(with: names) }

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws {
        switch word {
        case "long", "stores": group = BenchmarkGroup(rawValue: word) ?? .short
        case "--rounds": rounds = try number(word, &rest)
        case "--seconds": seconds = try number(word, &rest)
        case "--blob-mib": blobMebibytes = try number(word, &rest)
        case "--scale": scale = try number(word, &rest)
        case "--store-mib": storeMebibytes = try number(word, &rest)
        case "--quick": (rounds, seconds, blobMebibytes, storeMebibytes, scale) = (1, 1, 64, 64, 0.01)
        case "--only": only = Set(try text(word, &rest).split(separator: ",").map(String.init))
        case "--list": lists = true
        case "--write": writes = true
        case "--haven": haven = try text(word, &rest)
        case "--folder": folder = try text(word, &rest)
        default: throw BenchmarkFailure("unknown option \(word)\n\(Self.help)")
        }
    }

    private func text(_ option: String, _ rest: inout ArraySlice<String>) throws -> String {
        guard let value = rest.popFirst() else { throw BenchmarkFailure("\(option) needs a value") }
        return value
    }

    private func number<T: LosslessStringConvertible & Comparable & Numeric>(
        _ option: String, _ rest: inout ArraySlice<String>
    ) throws -> T {
        guard let value = T(try text(option, &rest)), value > 0 else {
            throw BenchmarkFailure("\(option) needs a positive number")
        }
        return value
    }
}
