/// Whether a finished run's ranges prove that each key was walked over once.
public struct LedgerProof: Sendable {
    /// A range as the ledger holds it.
    public struct Link: Sendable, Equatable {
        /// The number of the table it is a range of.
        public var part: Int
        /// The key before the first one; `nil` leaves it open below.
        public var lower: KeyTuple?
        /// The last key.
        public var upper: KeyTuple
        /// Whether it is marked as done.
        public var isDone: Bool

        /// Describes a range.
        public init(
            part: Int, lower: KeyTuple?, upper: KeyTuple, isDone: Bool
        ) {
            self.part = part
            self.lower = lower
            self.upper = upper
            self.isDone = isDone
        }
    }

    /// What is wrong with the ranges, or `nil`.
    ///
    /// Each begins where exactly one other ends, one of each table is open below, and following
    /// them from there leads through all of them. Keys are compared as the texts that they are:
    /// every bound was written once and copied. A range that ends where it begins holds nothing.
    /// With `isBounded`, as where a statement takes `:lower`, none is open below, and the first is
    /// the one that begins where no other ends.
    public static func problem(_ links: [Link], isBounded: Bool = false) -> String? {
        if let open = links.first(where: { !$0.isDone }) {
            return "the range up to \(words(open.upper)) is not done"
        }
        let filled = links.filter { $0.lower != $0.upper }
        let parts = Dictionary(grouping: filled, by: \.part).sorted { $0.key < $1.key }
        for (part, links) in parts {
            var next: [KeyTuple: Link] = [:]
            var first: Link?
            let ends = Set(links.map(\.upper))
            for link in links {
                let isFirst = link.lower.map { isBounded && !ends.contains($0) } ?? true
                if isFirst {
                    if first != nil { return "two ranges of table \(part) come first" }
                    first = link
                    continue
                }
                guard let lower = link.lower else { continue }
                if next.updateValue(link, forKey: lower) != nil {
                    return "two ranges begin after \(words(lower))"
                }
            }
            guard let first else { return "no range of table \(part) comes first" }
            var count = 1
            var end = first.upper
            while let link = next.removeValue(forKey: end) {
                count += 1
                end = link.upper
            }
            if count < links.count {
                return "nothing leads on from \(words(end)), and \(links.count - count) ranges are "
                    + "left over"
            }
        }
        return nil
    }

    private static func words(_ key: KeyTuple) -> String {
        "(" + key.joined(separator: ", ") + ")"
    }
}
