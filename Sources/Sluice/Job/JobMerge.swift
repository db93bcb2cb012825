import SluiceCore

extension JobRequest {
    /// Why several updates cannot be one, in a sentence with a cure; `nil` when they can.
    public static func mergeProblem(_ requests: [JobRequest]) -> String? {
        guard let first = requests.first else { return "there is no job" }
        // One alone is made into nothing else.
        if requests.count == 1 { return nil }
        for other in requests.dropFirst() {
            let differences: [(name: String, differs: Bool)] = [
                ("kind", first.kind != .update || other.kind != .update),
                ("table", SQLName.parts(first.table) != SQLName.parts(other.table)),
                ("key", first.key?.map(SQLName.parts) != other.key?.map(SQLName.parts)),
                ("children", first.includesChildren != other.includesChildren),
                ("disable_triggers", first.disablesTriggers != other.disablesTriggers),
                ("skip_unchanged", first.skipsUnchanged != other.skipsUnchanged),
            ]
            let names = differences.filter(\.differs).map(\.name)
            if !names.isEmpty {
                return "these jobs cannot go in one pass, for they differ in "
                    + "\(names.joined(separator: ", ")): only updates of one table along one key "
                    + "can; run them one after the other, or spell it alike"
            }
        }
        var columns: Set<[String]> = []
        for assignment in requests.flatMap(\.assignments) {
            let column = SQLName.parts(assignment.column) ?? [assignment.column]
            guard columns.insert(column).inserted else {
                return "two of these jobs set the column \(assignment.column): which of them "
                    + "would count? Run them one after the other"
            }
        }
        let isDefault = requests.contains { request in
            request.predicate != nil
                && request.assignments.contains {
                    $0.expression.lowercased().filter { !$0.isWhitespace } == "default"
                }
        }
        if isDefault {
            return "DEFAULT cannot be set in one pass with another job where --where says for "
                + "which rows: write the default's own expression"
        }
        return nil
    }

    /// Several updates of one table as one, so that each row is read and written once.
    ///
    /// A row is visited where one of them means it, and each sets its columns only where its own
    /// predicate does; all see it as it was before, also columns that another one sets. They must
    /// be mergeable (``mergeProblem(_:)``).
    public static func merged(_ requests: [JobRequest]) -> JobRequest {
        guard var merged = requests.first, requests.count > 1 else {
            return requests.first ?? JobRequest(table: "")
        }
        let names = requests.map(\.name)
        merged.name =
            names.allSatisfy { $0 != nil }
            ? names.compactMap { $0 }.joined(separator: "+") : nil
        merged.assignments = requests.flatMap { request in
            request.assignments.map { assignment in
                guard let predicate = request.predicate else { return assignment }
                // Line ends, since either may end in a comment.
                return Assignment(
                    column: assignment.column,
                    expression: "CASE WHEN (\n\(predicate)\n) THEN (\n\(assignment.expression)\n)"
                        + " ELSE \(assignment.column) END")
            }
        }
        let predicates = requests.compactMap(\.predicate)
        merged.predicate =
            predicates.count == requests.count
            ? predicates.map { "(\n\($0)\n)" }.joined(separator: " OR ") : nil
        return merged
    }
}
