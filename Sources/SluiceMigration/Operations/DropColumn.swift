/// A column that nobody needs any more.
struct DropColumn: Operation {
    static let keyword = "drop_column"
    static let fields = ["table": true, "column": true, "down": false, "drops": false]

    private let table: String
    private let column: String
    private let down: String?
    private let drops: [String]

    init(_ fields: Fields) throws(MigrationError) {
        table = fields["table"]
        column = fields["column"]
        down = fields.texts["down"]
        drops = fields.list("drops")
    }

    var shape: ShapeChange { .columns(table: table, added: [], dropped: [column]) }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        let column = try catalog.column(column, of: table)
        let allowed = try await Drops.allowed(
            drops, with: column, of: table, catalog, cure: "name what may go with it under drops:")
        var steps: [Step] = []
        var last: [String] = []
        if column.isNotNull, column.defaultText == nil {
            guard let down else {
                throw MigrationError(
                    .refused,
                    "\(column.name) of \(table.name) is NOT NULL: clients that no longer write it "
                        + "need down, what it gets meanwhile")
            }
            let dual = DualWrite(
                table: table, old: nil, new: column.name, newType: column.type, up: down,
                down: nil, label: label, onlyFills: true, newHasEquality: column.hasEquality)
            try dual.requireKnown()
            steps += [
                DualWriteSteps.trial(dual),
                try await DualWriteSteps.install(dual, catalog, undoes: true),
            ]
            last.append(dual.drop)
        }
        last.append(
            "ALTER TABLE \(table.name) DROP COLUMN \(column.name)"
                + (allowed.isEmpty ? "" : " CASCADE"))
        steps += [
            Drops.recheck(table, column, allowed),
            Step(
                .contract, "drop the column \(column.name) of \(table.name)", .transaction(last),
                on: table.name, lock: Lock.exclusive(table.name), isFinal: true,
                dropsColumn: DroppedColumn(table: table.plain, column: column.plain)),
        ]
        return steps
    }
}
