// SPDX-License-Identifier: Apache-2.0
package import Cache
import Testing

/// What every ``SharedCache`` promises while it works, as a list of clauses.
///
/// A clause gets two handles on one empty cache, as two nodes would have them.
package enum SharedCacheContract {
    /// An empty cache and two ways to it.
    package struct Subject: Sendable {
        package let here: any SharedCache
        package let there: any SharedCache

        package init(here: any SharedCache, there: any SharedCache) {
            self.here = here
            self.there = there
        }
    }

    package typealias Item = Clause<Subject>

    package static let clauses: [Item] = keeping + limiting

    private static let keeping: [Item] = [
        Item("what nobody stored is not found") { cache in
            let values = await cache.here.values(for: ["a", "b"])
            #expect(values == [nil, nil])
        },
        Item("what one node stores, another finds, byte for byte") { cache in
            let contents: [[UInt8]] = [[], [0], Array("+OK\r\n$5\r\n".utf8), Array(0...255)]
            for content in contents {
                let isKept = await cache.here.store([SharedEntry("a", content, life: .seconds(60))])
                #expect(isKept)
                let found = await cache.there.value(for: "a")
                #expect(found == content)
            }
        },
        Item("several keys are answered in their order") { cache in
            let entries = ["a", "b", "c"].map { SharedEntry($0, Array($0.utf8), life: .seconds(60)) }
            await cache.here.store(entries)
            let values = await cache.there.values(for: ["c", "absent", "a", "b", "c"])
            #expect(values == [[99], nil, [97], [98], [99]])
        },
        Item("any number of keys may be asked for at once, none too") { cache in
            let keys = (0..<100).map { "key \($0)" }
            await cache.here.store(keys.map { SharedEntry($0, Array($0.utf8), life: .seconds(60)) })
            let values = await cache.there.values(for: keys)
            let expected: [[UInt8]?] = keys.map { Array($0.utf8) }
            #expect(values == expected)
            let none = await cache.there.values(for: [])
            #expect(none.isEmpty)
        },
        Item("storing again replaces") { cache in
            await cache.here.store([SharedEntry("a", [1], life: .seconds(60))])
            await cache.there.store([SharedEntry("a", [2, 3], life: .seconds(60))])
            let found = await cache.here.value(for: "a")
            #expect(found == [2, 3])
        },
        Item("who offers a value finds it, when there is room") { cache in
            cache.here.offer([SharedEntry("a", [1], life: .seconds(60)), SharedEntry("b", [2], life: .seconds(60))])
            let values = await cache.here.values(for: ["a", "b"])
            #expect(values == [[1], [2]])
        },
        Item("what is removed is not found; removing what is not there is no fault") { cache in
            await cache.here.store([SharedEntry("a", [1], life: .seconds(60))])
            let isGone = await cache.there.remove(["a", "absent"])
            #expect(isGone)
            let found = await cache.here.value(for: "a")
            #expect(found == nil)
            let isGoneAgain = await cache.here.remove(["a"])
            let isNothingGone = await cache.here.remove([])
            #expect(isGoneAgain && isNothingGone)
        },
        Item("a key is only a key, whatever characters it has") { cache in
            let keys = ["a b", "a\r\nFLUSHALL\r\n", "\"'{}*?[]", "ключ", "\0", String(repeating: "k", count: 512)]
            await cache.here.store(keys.map { SharedEntry($0, Array($0.utf8), life: .seconds(60)) })
            let values = await cache.there.values(for: keys)
            let expected: [[UInt8]?] = keys.map { Array($0.utf8) }
            #expect(values == expected)
        },
        Item("of many who ask at once everybody gets the own value") { cache in
            let keys = (0..<400).map { "\($0)" }
            await withTaskGroup { group in
                for key in keys {
                    group.addTask {
                        await cache.here.store([SharedEntry(key, Array(key.utf8), life: .seconds(60))])
                        let found = await cache.there.value(for: key)
                        #expect(found == Array(key.utf8))
                    }
                }
            }
        },
    ]

    private static let limiting: [Item] = [
        Item("a value is not found when its life is over") { cache in
            await cache.here.store([
                SharedEntry("short", [1], life: .milliseconds(100)), SharedEntry("long", [2], life: .seconds(3_600)),
            ])
            let isGone = try await eventually { await cache.there.value(for: "short") == nil }
            #expect(isGone)
            let found = await cache.there.value(for: "long")
            #expect(found == [2])
        },
        Item("what has no life is not kept") { cache in
            let isKept = await cache.here.store([SharedEntry("a", [1], life: .zero)])
            #expect(!isKept)
            let found = await cache.here.value(for: "a")
            #expect(found == nil)
        },
        Item("what is too large is not kept, and said not to be; a large value is") { cache in
            let large = [UInt8](repeating: 7, count: SharedEntry.largestValue - 64)
            let tooLarge = [UInt8](repeating: 7, count: SharedEntry.largestValue + 1)
            let isKept = await cache.here.store([SharedEntry("a", large, life: .seconds(60))])
            #expect(isKept)
            let found = await cache.there.value(for: "a")
            #expect(found == large)
            let isTooLargeKept = await cache.here.store([
                SharedEntry("b", tooLarge, life: .seconds(60)), SharedEntry("", [1], life: .seconds(60)),
            ])
            #expect(!isTooLargeKept)
            let absent = await cache.there.values(for: ["b"])
            #expect(absent == [nil])
        },
    ]
}

/// What every ``Wakeups`` promises while it works, as a list of clauses.
package enum WakeupsContract {
    /// Two nodes.
    package struct Subject: Sendable {
        package let here: any Wakeups
        package let there: any Wakeups

        package init(here: any Wakeups, there: any Wakeups) {
            self.here = here
            self.there = there
        }
    }

    package typealias Item = Clause<Subject>

    package static let clauses: [Item] = [
        Item("what one node announces, every listener of another hears") { nodes in
            let (first, second) = (Tally(), Tally())
            nodes.there.listen(for: .signingKeys) { first.add() }
            nodes.there.listen(for: .signingKeys) { second.add() }
            nodes.here.announce(.signingKeys)
            let isHeard = try await eventually { first.count > 0 && second.count > 0 }
            #expect(isHeard)
        },
        Item("each announcement is heard again") { nodes in
            let tally = Tally()
            nodes.here.listen(for: .signingKeys) { tally.add() }
            for _ in 0..<100 { nodes.there.announce(.signingKeys) }
            let isHeard = try await eventually { tally.count >= 100 }
            #expect(isHeard, "\(tally.count)")
        },
    ]
}
