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
    /// The nodes below.
    public let children: [PlanNode]

    /// Describes a node.
    public init(
        type: String, relation: String? = nil, alias: String? = nil,
        indexCondition: String? = nil, index: String? = nil, part: String? = nil,
        children: [PlanNode] = []
    ) {
        self.type = type
        self.relation = relation
        self.alias = alias
        self.indexCondition = indexCondition
        self.index = index
        self.part = part
        self.children = children
    }
}

/// Refuses plans that would read the whole table for one batch.
public enum PlanGuard {
    /// One sentence about what is wrong with the plan of a batch on `table`, or `nil`.
    ///
    /// Every scan of the table must be bounded by an index condition, and nothing may be joined to
    /// it by hashing. Sub-selects of the user's own expressions that scan the same table whole
    /// are caught as well: they would do so for every batch.
    ///
    /// The batch's own scans must be bounded by the key `firstKeyColumn`: an index that serves the
    /// predicate instead would be walked whole by every batch.
    ///
    /// `alias` is the name by which the batch itself knows the table.
    public static func problem(
        in plan: PlanNode, table: String, alias: String? = nil, firstKeyColumn: String
    ) -> String? {
        let own = alias ?? table
        func isBounded(_ condition: String?) -> Bool {
            guard let condition else { return false }
            let isOwn = plan.alias.map { $0 == own || $0.hasPrefix(own + "_") } ?? true
            return !isOwn || mentions(firstKeyColumn, in: condition)
        }
        if plan.relation == table {
            switch plan.type {
            case "Seq Scan", "Parallel Seq Scan", "Sample Scan":
                return "a batch would scan all of \(table) instead of walking its key's index"
            case "Index Scan", "Index Only Scan":
                if !isBounded(plan.indexCondition) {
                    return "a batch would walk an index of \(table) that its key does not bound"
                }
            case "Bitmap Heap Scan":
                // Each of the indexes that are combined is walked as far as its own condition goes.
                let indexes = plan.children.flatMap(bitmapScans)
                if indexes.isEmpty || !indexes.allSatisfy({ isBounded($0.indexCondition) }) {
                    return "a batch would walk an index of \(table) that its key does not bound"
                }
            default:
                break
            }
        }
        if plan.type == "Hash Join" || plan.type == "Merge Join" {
            if plan.children.flatMap(flattened).contains(where: { $0.relation == table }) {
                return "a batch would join all of \(table) (write IN (SELECT …) as EXISTS)"
            }
        }
        for child in plan.children {
            let found = problem(
                in: child, table: table, alias: alias, firstKeyColumn: firstKeyColumn)
            if let found { return found }
        }
        return nil
    }

    /// Whether a column's name stands in a condition as a word of its own.
    private static func mentions(_ column: String, in condition: String) -> Bool {
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

    /// The index scans of which a bitmap is made, without those of sub-selects in a condition.
    private static func bitmapScans(_ node: PlanNode) -> [PlanNode] {
        switch node.type {
        case "Bitmap Index Scan": [node]
        case "BitmapAnd", "BitmapOr": node.children.flatMap(bitmapScans)
        default: []
        }
    }

    private static func flattened(_ node: PlanNode) -> [PlanNode] {
        [node] + node.children.flatMap(flattened)
    }
}
