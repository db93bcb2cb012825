/// One node of a query plan, as much of it as the guard needs.
public struct PlanNode: Sendable, Equatable {
    /// Such as `Index Scan`.
    public let type: String
    /// The relation that is scanned, unqualified.
    public let relation: String?
    /// The name by which the statement knows it.
    public let alias: String?
    /// Whether an index condition bounds the scan.
    public let hasIndexCondition: Bool
    /// The nodes below.
    public let children: [PlanNode]

    /// Describes a node.
    public init(
        type: String, relation: String? = nil, alias: String? = nil,
        hasIndexCondition: Bool = false, children: [PlanNode] = []
    ) {
        self.type = type
        self.relation = relation
        self.alias = alias
        self.hasIndexCondition = hasIndexCondition
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
    public static func problem(in plan: PlanNode, table: String) -> String? {
        if plan.relation == table {
            switch plan.type {
            case "Seq Scan", "Parallel Seq Scan", "Sample Scan":
                return "a batch would scan all of \(table) instead of walking its key's index"
            case "Index Scan", "Index Only Scan":
                if !plan.hasIndexCondition {
                    return "a batch would walk a whole index of \(table)"
                }
            case "Bitmap Heap Scan":
                let below = plan.children.flatMap(flattened)
                if !below.contains(where: \.hasIndexCondition) {
                    return "a batch would walk a whole index of \(table)"
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
            if let problem = problem(in: child, table: table) { return problem }
        }
        return nil
    }

    private static func flattened(_ node: PlanNode) -> [PlanNode] {
        [node] + node.children.flatMap(flattened)
    }
}
