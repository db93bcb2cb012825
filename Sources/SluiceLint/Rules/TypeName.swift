/// The type of a column, as the grammar names it.
struct TypeName: Sendable, CustomStringConvertible {
    /// The type's own name, such as `int4`.
    let name: String
    private let isArray: Bool
    private let modifiers: [String]
    /// The node, for its line.
    let node: Node

    init(_ column: Node) {
        node = column["typeName"]
        name = node["names"].names.last ?? ""
        isArray = !node["arrayBounds"].items.isEmpty
        modifiers = node["typmods"].items.map { item in
            item["A_Const"]["ival"]["ival"].number.map(String.init) ?? "0"
        }
    }

    /// Whether it stands for a sequence and an integer.
    var isSerial: Bool {
        [
            "serial", "serial2", "serial4", "serial8", "smallserial", "bigserial",
        ].contains(name.lowercased())
    }

    /// Whether it has a length.
    var hasLength: Bool { !modifiers.isEmpty }

    /// How people spell it.
    var description: String {
        let known = [
            "int2": "smallint", "int4": "integer", "int8": "bigint", "bool": "boolean",
            "float4": "real", "float8": "double precision", "bpchar": "char",
        ]
        let length = modifiers.isEmpty ? "" : "(" + modifiers.joined(separator: ", ") + ")"
        return (known[name] ?? name) + length + (isArray ? "[]" : "")
    }
}
