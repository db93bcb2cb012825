/// Tells a batch's own scans of its table from those of the user's sub-selects, and judges them.
struct OwnScans {
    let table: String
    /// The names by which the batch knows the table; the server numbers them.
    let names: [String]
    let firstKeyColumn: String

    /// What is wrong with one node of the plan, whatever lies below it.
    func problem(_ node: PlanNode) -> String? {
        if node.type == "Hash Join" || node.type == "Merge Join" { return joined(node) }
        guard node.relation == table else { return nil }
        switch node.type {
        case "Seq Scan", "Parallel Seq Scan", "Sample Scan":
            return "a batch would scan all of \(table) instead of walking its key's index"
        case "Index Scan", "Index Only Scan", "Bitmap Heap Scan":
            return isBounded(node)
                ? nil : "a batch would walk an index of \(table) that its key does not bound"
        default:
            return nil
        }
    }

    /// Of the table itself a join may only take what the key bounds; of another one what is small.
    private func joined(_ join: PlanNode) -> String? {
        let scans = join.children.flatMap(PlanGuard.flattened).filter {
            $0.relation != nil && $0.type != "ModifyTable"
        }
        let isOfTable = scans.contains { $0.relation == table }
        guard isOfTable else { return nil }
        if scans.contains(where: { $0.relation == table && !(isOwn($0) && isBounded($0)) }) {
            return "a batch would join all of \(table) (write IN (SELECT …) as EXISTS)"
        }
        let largest = scans.filter { $0.relation != table }.max { $0.rows < $1.rows }
        guard let largest, largest.rows > PlanGuard.joinedRowsMax else { return nil }
        return "a batch would read about \(largest.rows) rows of \(largest.relation ?? "") to join "
            + "them (look them up in a scalar sub-select instead, which an index can serve)"
    }

    private func isBounded(_ scan: PlanNode) -> Bool {
        guard scan.type == "Bitmap Heap Scan" else {
            return isBounded(scan.indexCondition, own: isOwn(scan))
        }
        // Each of the indexes that are combined is walked as far as its own condition goes.
        let indexes = scan.children.flatMap(PlanGuard.bitmapScans)
        return !indexes.isEmpty
            && indexes.allSatisfy { isBounded($0.indexCondition, own: isOwn(scan)) }
    }

    private func isBounded(_ condition: String?, own: Bool) -> Bool {
        guard let condition else { return false }
        return !own || PlanGuard.mentions(firstKeyColumn, in: condition)
    }

    private func isOwn(_ scan: PlanNode) -> Bool {
        guard let alias = scan.alias else { return true }
        return names.contains { alias == $0 || alias.hasPrefix($0 + "_") }
    }
}
