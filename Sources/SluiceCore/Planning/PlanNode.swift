/// One node of a query plan, as much of it as the guard needs.
public struct PlanNode: Sendable, Equatable {
    /// Such as `Index Scan`.
    public let type: String
    /// The relation that is scanned, unqualified.
    public let relation: String?
    /// The name by which the statement knows it.
    public let alias: String?
    /// The condition by which an index bounds the scan, as the server words it.
    public let indexCondition: String?
    /// The index that is scanned.
    public let index: String?
    /// The part of the statement that the node begins, such as `CTE sluice_end`.
    public let part: String?
    /// Rows that the planner expects of it.
    public let rows: Int
    /// The nodes below.
    public let children: [PlanNode]

    /// Describes a node.
    public init(
        type: String, relation: String? = nil, alias: String? = nil,
        indexCondition: String? = nil, index: String? = nil, part: String? = nil,
        rows: Int = 0, children: [PlanNode] = []
    ) {
        self.type = type
        self.relation = relation
        self.alias = alias
        self.indexCondition = indexCondition
        self.index = index
        self.part = part
        self.rows = rows
        self.children = children
    }
}

/// Refuses plans that would read the whole table for one batch.
public enum PlanGuard {
    /// Rows of another table that each batch may read to join them: some 10 ms, where a batch of
    /// 5,000 rows takes 50.
    static let joinedRowsMax = 50_000

    /// One sentence about what is wrong with the plan of a batch on `table`, or `nil`.
    ///
    /// Every scan of the table must be bounded by an index condition, and what is joined to it by
    /// hashing must be small. Sub-selects of the user's own expressions that scan the same table
    /// whole are caught as well: they would do so for every batch.
    ///
    /// The batch's own scans must be bounded by the key `firstKeyColumn`: an index that serves the
    /// predicate instead would be walked whole by every batch.
    ///
    /// `names` are those by which the batch itself knows the table, where that is not its own.
    public static func problem(
        in plan: PlanNode, table: String, names: [String] = [], firstKeyColumn: String
    ) -> String? {
        let own = OwnScans(
            table: table, names: names.isEmpty ? [table] : names, firstKeyColumn: firstKeyColumn)
        return flattened(plan).lazy.compactMap(own.problem).first
    }

    /// Whether a column's name stands in a condition as a word of its own.
    static func mentions(_ column: String, in condition: String) -> Bool {
        func isWord(_ character: Character?) -> Bool {
            character.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" } ?? false
        }
        let quoted = column.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"")
        guard !quoted.isEmpty else { return false }
        var rest = Substring(condition)
        while let start = rest.indices.first(where: { rest[$0...].hasPrefix(quoted) }) {
            let end = rest.index(start, offsetBy: quoted.count)
            let before = start > rest.startIndex ? rest[rest.index(before: start)] : nil
            if !isWord(before), !isWord(rest[end...].first) { return true }
            rest = rest[rest.index(after: start)...]
        }
        return false
    }

    /// The one index by which the part of the statement that finds a batch's end scans `table`;
    /// `nil` when that is not by exactly one.
    public static func drivingIndex(in plan: PlanNode, table: String, part: String) -> String? {
        let nodes = flattened(plan).filter { $0.part == part }.flatMap(flattened)
        let scans = nodes.filter { $0.relation == table }
        guard let index = scans.first?.index, scans.allSatisfy({ $0.index == index }) else {
            return nil
        }
        return index
    }

    /// Whether `table` is scanned by a range of its pages.
    public static func scansPages(_ plan: PlanNode, table: String) -> Bool {
        flattened(plan).contains { $0.type == "Tid Range Scan" && $0.relation == table }
    }

    /// Whether the same is so of each scan of it in a part of the statement.
    public static func scansPagesOnly(_ plan: PlanNode, table: String, part: String) -> Bool {
        let scans = flattened(plan).filter { $0.part == part }.flatMap(flattened)
            .filter { $0.relation == table }
        return !scans.isEmpty && scans.allSatisfy { $0.type == "Tid Range Scan" }
    }

    /// Whether the table is read by bitmaps of its pages.
    public static func usesBitmaps(_ plan: PlanNode, table: String) -> Bool {
        flattened(plan).contains { $0.type == "Bitmap Heap Scan" && $0.relation == table }
    }

    /// The index scans of which a bitmap is made, without those of sub-selects in a condition.
    static func bitmapScans(_ node: PlanNode) -> [PlanNode] {
        switch node.type {
        case "Bitmap Index Scan": [node]
        case "BitmapAnd", "BitmapOr": node.children.flatMap(bitmapScans)
        default: []
        }
    }

    static func flattened(_ node: PlanNode) -> [PlanNode] {
        [node] + node.children.flatMap(flattened)
    }
}
