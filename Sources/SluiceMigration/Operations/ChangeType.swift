/// A column's successor of another type: `price numeric` becomes `price_cents bigint`.
struct ChangeType: Operation {
    static let keyword = "change_type"
    static let fields = [
        "table": true, "column": true, "to": true, "type": true, "up": true, "down": true,
        "not_null": false, "default": false, "drops": false,
    ]

    private let replacement: ReplacedColumn

    init(_ fields: Fields) throws(MigrationError) {
        replacement = ReplacedColumn(
            table: fields["table"], column: fields["column"], to: fields["to"],
            type: fields["type"], up: fields["up"], down: fields["down"],
            isRequired: try fields.flag("not_null"), defaultText: fields.texts["default"],
            drops: fields.list("drops"))
    }

    var shape: ShapeChange {
        .columns(
            table: replacement.table, added: [replacement.to], dropped: [replacement.column])
    }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        try await replacement.steps(catalog, label: label)
    }
}
