/// A migration: what one file says.
public struct Migration: Sendable {
    /// Its name, by which it is known for ever.
    public let name: String
    /// What it does, in order.
    let operations: [any Operation]
    /// The lines of these in the file.
    let lines: [Int]
    /// The schemas in which both shapes are shown; `nil` without.
    let shapes: ShapeSchemas?
    /// The file's text, and that of the files it names, which may not change once the migration has
    /// begun.
    public let text: String

    /// SQL that is run as it stands.
    public struct OwnStatements: Sendable, Equatable {
        /// The line of its operation.
        public let line: Int
        /// Statements, with semicolons between.
        public let text: String
    }

    /// SQL of one's own in it, and what does to clients what such SQL does.
    public var ownStatements: [OwnStatements] {
        zip(operations, lines).flatMap { operation, line in
            operation.ownStatements.map { OwnStatements(line: line, text: $0) }
        }
    }

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

    /// What a linter has to look at.
    var ownStatements: [String] { get }
    /// What it does to the columns that clients see.
    var shape: ShapeChange { get }
}

extension Operation {
    var ownStatements: [String] { [] }
    var shape: ShapeChange { .none }
}

/// What an operation does to the columns that clients see.
enum ShapeChange: Sendable {
    /// Nothing.
    case none
    /// Columns of a table come and go, each as the file spells it.
    case columns(table: String, added: [String], dropped: [String])
    /// It cannot be shown by views beside the old one; why.
    case hidden(String)
}

/// The values of one operation, as the file has them.
struct Fields: Sendable {
    let file: String
    let line: Int
    let texts: [String: String]
    let lists: [String: [String]]
    /// Files that it names, by the names it has for them.
    let included: [String: String]

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

    /// Statements that stand here or, under the name with `_file`, in a file beside this one.
    func statements(_ field: String) throws(MigrationError) -> String? {
        guard let text = texts[field + "_file"] else { return texts[field] }
        guard texts[field] == nil else {
            throw refusal("\(field) and \(field)_file are one thing: leave one out")
        }
        guard let statements = included[text] else {
            throw refusal("cannot read \(text), named by \(field)_file")
        }
        return statements
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
