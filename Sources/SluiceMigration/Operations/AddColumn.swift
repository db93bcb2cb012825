/// A column that was not there: with a default, filled, required.
struct AddColumn: Operation {
    static let keyword = "add_column"
    static let fields = [
        "table": true, "column": true, "type": true, "default": false, "up": false,
        "not_null": false,
    ]

    private let table: String
    private let column: String
    private let type: String
    private let defaultText: String?
    private let up: String?
    private let isRequired: Bool

    init(_ fields: Fields) throws(MigrationError) {
        table = fields["table"]
        column = fields["column"]
        type = fields["type"]
        defaultText = fields.texts["default"]
        up = fields.texts["up"]
        isRequired = try fields.flag("not_null")
        guard !isRequired || up != nil || defaultText != nil else {
            throw fields.refusal(
                "add_column with not_null needs up or default: what the rows that are there get")
        }
    }

    var shape: ShapeChange { .columns(table: table, added: [column], dropped: []) }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        let column = try catalog.newColumn(column, of: table)
        var dual: DualWrite?
        if let filling = up ?? defaultText {
            dual = DualWrite(
                table: table, old: nil, new: column, newType: type, up: filling, down: nil,
                label: label, mayBeNull: !isRequired,
                newHasEquality: try await catalog.hasEquality(type))
            try dual?.requireKnown()
        }
        // The triggers go with the column: between the two a write would be lost.
        let undo =
            (up == nil ? [] : [dual?.drop].compactMap { $0 }) + [
                "ALTER TABLE \(table.name) DROP COLUMN IF EXISTS \(column)"
            ]
        var steps = [dual.map { DualWriteSteps.trial($0) }].compactMap { $0 }
        steps.append(
            Step(
                .expand, "add the column \(column) to \(table.name)",
                .transaction(["ALTER TABLE \(table.name) ADD COLUMN \(column) \(type)"]),
                on: table.name, lock: Lock.exclusive(table.name), undo: undo))
        if let defaultText {
            // Not in ADD COLUMN: one that differs from row to row would rewrite the table. Beside
            // `up` at the end only, or a row of the old shape would look like one of the new.
            steps.append(
                Step(
                    up == nil ? .expand : .contract, "its default for new rows",
                    .transaction([
                        "ALTER TABLE \(table.name) ALTER COLUMN \(column) "
                            + "SET DEFAULT \(defaultText)"
                    ]), on: table.name, lock: Lock.exclusive(table.name),
                    undo: [
                        "ALTER TABLE \(table.name) ALTER COLUMN \(column) DROP DEFAULT"
                    ]))
        }
        guard let dual else { return steps }
        // With a default new rows have a value already.
        if up != nil { steps.append(try await DualWriteSteps.install(dual, catalog)) }
        steps.append(DualWriteSteps.backfill(dual))
        if isRequired {
            steps.append(NotNullSteps.check(table.name, column))
            steps += NotNullSteps.steps(table.name, column, label: label)
        }
        if up != nil { steps.append(DualWriteSteps.remove(dual)) }
        return steps
    }
}
