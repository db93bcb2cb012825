/// A migration: what one file says.
public struct Migration: Sendable {
    /// Its name, by which it is known for ever.
    public let name: String
    /// What it does, in order.
    let operations: [any Operation]
    /// The file's text, which may not change once the migration has begun.
    public let text: String

    /// Small letters, digits and `_`, as names of triggers are made of it; short enough for them.
    static func isName(_ text: String) -> Bool {
        let letters = text.unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || $0 == "_" || ("0"..."9").contains($0)
        }
        return letters && !text.isEmpty && text.count <= nameMax
    }

    /// PostgreSQL's 63 bytes, less what is put around it.
    static let nameMax = 40
}

/// One change of a schema.
protocol Operation: Sendable {
    /// What it is called in a file.
    static var keyword: String { get }
    /// What may stand in it, and whether it has to.
    static var fields: [String: Bool] { get }

    /// Reads it.
    ///
    /// - Throws: `MigrationError` for what does not go together.
    init(_ fields: Fields) throws(MigrationError)

    /// The steps, from what the database says now.
    ///
    /// `label` is unique in the database: names of what is made are made of it.
    func steps(_ catalog: Catalog, label: String) async throws -> [Step]
}

/// The values of one operation, as the file has them.
struct Fields: Sendable {
    let file: String
    let line: Int
    let texts: [String: String]
    let lists: [String: [String]]

    /// A refusal at this operation's line.
    func refusal(_ sentence: String) -> MigrationError {
        MigrationError(.refused, "\(file):\(line): \(sentence)")
    }

    /// What has to be there; the reader has seen to that.
    subscript(_ field: String) -> String { texts[field] ?? "" }

    /// Several values.
    func list(_ field: String) -> [String] {
        lists[field] ?? texts[field].map { [$0] } ?? []
    }

    /// True or false.
    func flag(_ field: String) throws(MigrationError) -> Bool {
        switch texts[field]?.lowercased() {
        case nil, "false", "no", "off": return false
        case "true", "yes", "on": return true
        default: throw refusal("\(field) must be true or false, not \(texts[field] ?? "")")
        }
    }
}

/// All operations that a file may hold.
enum Operations {
    static let all: [any Operation.Type] = [
        AddColumn.self, DropColumn.self, RenameColumn.self, ChangeType.self, CreateIndex.self,
        DropIndex.self, SetNotNull.self, AddCheck.self, AddForeignKey.self, AddUnique.self,
        SetDefault.self, RenameTable.self, DropTable.self, ChangePrimaryKey.self, RawSQL.self,
    ]
}
