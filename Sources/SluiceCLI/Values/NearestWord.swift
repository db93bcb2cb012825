/// Finds what somebody most likely meant.
enum NearestWord {
    /// The candidate that `word` is a slip of, if one is close enough: within a third of its
    /// length, and at least two changes, so that `wher` finds `where` and `colour` nothing.
    static func to(_ word: String, among candidates: [String]) -> String? {
        let nearest =
            candidates
            .map { (word: $0, distance: distance(word.lowercased(), $0)) }
            .min { ($0.distance, $0.word) < ($1.distance, $1.word) }
        guard let nearest, nearest.distance <= max(2, word.count / 3),
            nearest.distance < nearest.word.count
        else { return nil }
        return nearest.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
    static func distance(_ first: String, _ second: String) -> Int {
        let a = Array(first), b = Array(second)
        guard !a.isEmpty else { return b.count }
        guard !b.isEmpty else { return a.count }
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i]
            for j in 1...b.count {
                let replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                var best = min(last[j] + 1, row[j - 1] + 1, replaced)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    best = min(best, beforeLast[j - 2] + 1)
                }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
