// SPDX-License-Identifier: Apache-2.0

/// The candidate that a mistyped word most likely meant; nil when none is near enough to be a help.
package func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let limit = max(2, word.utf8.count / 3)
    let ranked = candidates.map { (distance: editDistance(word.lowercased(), $0), word: $0) }
    return ranked.filter { $0.distance <= limit }.min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
}

/// The number of letters to insert, remove or replace to get from one word to the other.
private func editDistance(_ left: String, _ right: String) -> Int {
    let (a, b) = (Array(left.utf8), Array(right.utf8))
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, y) in b.enumerated() {
            let replaced = diagonal + (x == y ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[b.count]
}
