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
    public static func problem(_ links: [Link]) -> String? {
        if let open = links.first(where: { !$0.isDone }) {
            return "the range up to \(words(open.upper)) is not done"
        }
        let filled = links.filter { $0.lower != $0.upper }
        let parts = Dictionary(grouping: filled, by: \.part).sorted { $0.key < $1.key }
        for (part, links) in parts {
            var next: [KeyTuple: Link] = [:]
            var first: Link?
            for link in links {
                guard let lower = link.lower else {
                    if first != nil { return "two ranges of table \(part) are open below" }
                    first = link
                    continue
                }
                if next.updateValue(link, forKey: lower) != nil {
                    return "two ranges begin after \(words(lower))"
                }
            }
            guard let first else { return "no range of table \(part) is open below" }
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
