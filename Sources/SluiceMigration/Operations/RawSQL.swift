/// Statements of one's own, for what no operation does; rows in batches, by the engine.
struct RawSQL: Operation {
    static let keyword = "sql"
    static let fields = [
        "up": false, "up_file": false, "down": false, "down_file": false, "table": false,
        "batches": false,
    ]

    private let up: String?
    private let down: String?
    private let table: String?
    private let batches: String?

    init(_ fields: Fields) throws(MigrationError) {
        up = try fields.statements("up")
        down = try fields.statements("down")
        table = fields.texts["table"]
        batches = fields.texts["batches"]
        guard up != nil || batches != nil else {
            throw fields.refusal("sql needs up, up_file or batches: what is to be done")
        }
        guard down == nil || up != nil else {
            throw fields.refusal("down takes back up, and there is none")
        }
        guard up == nil || down != nil else {
            throw fields.refusal(
                "sql needs down or down_file: what takes up back, or SELECT where nothing has to be"
            )
        }
        guard (table == nil) == (batches == nil) else {
            throw fields.refusal(
                "batches and table go together: the table whose key is walked, and a statement "
                    + "with :range for each batch of it")
        }
    }

    var shape: ShapeChange { .hidden("what sql does to columns is not known") }
    var ownStatements: [String] { [up, down].compactMap { $0 } }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        var steps: [Step] = []
        if let up {
            steps.append(
                Step(
                    .expand, "your own statements", .transaction([up]), lock: .unknown,
                    undo: [down].compactMap { $0 }))
        }
        if let table, let batches {
            let name = try await catalog.table(table).name
            steps.append(
                Step(
                    .backfill, "your own statement for each batch of \(name)",
                    .backfill(Backfill(table: name, statement: batches)), on: name))
        }
        return steps
    }
}
