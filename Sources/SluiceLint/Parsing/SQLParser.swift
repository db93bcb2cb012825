import CPgQuery
import Foundation

/// PostgreSQL's own grammar.
enum SQLParser {
    /// Reads a script.
    ///
    /// - Throws: `SQLProblem` where PostgreSQL would not read it either.
    static func parse(_ script: String) throws(SQLProblem) -> [Statement] {
        guard !script.utf8.contains(0) else {
            throw SQLProblem(line: 1, sentence: "it holds a NUL byte")
        }
        let result = pg_query_parse(script)
        defer { pg_query_free_parse_result(result) }
        if let error = result.error?.pointee {
            // Counted in characters, from 1.
            let place = max(0, Int(error.cursorpos) - 1)
            let before = script.unicodeScalars.prefix(place)
            throw SQLProblem(
                line: 1 + before.count { $0 == "\n" },
                sentence: error.message.map { String(cString: $0) } ?? "it cannot be read")
        }
        let tree: Tree
        do {
            tree = try JSONDecoder().decode(
                Tree.self, from: Data(String(cString: result.parse_tree).utf8))
        } catch {
            throw SQLProblem(line: 1, sentence: "its parse tree cannot be read: \(error)")
        }
        guard tree.version >= versionMin else {
            throw SQLProblem(
                line: 1,
                sentence: "this build's grammar is PostgreSQL \(tree.version / 10_000)'s; "
                    + "build it with libpg_query 15 or newer")
        }
        let bytes = Array(script.utf8)
        return (tree.stmts ?? []).map { part in
            Statement(part.stmt, in: bytes, from: part.stmt_location ?? 0, count: part.stmt_len)
        }
    }

    /// Trees of older grammars have other names.
    private static let versionMin = 150_000

    /// The names are the library's.
    private struct Tree: Decodable {
        let version: Int
        struct Part: Decodable {
            let stmt: Node
            let stmt_location: Int?
            let stmt_len: Int?
        }
        let stmts: [Part]?
    }
}

/// Why a script cannot be read.
public struct SQLProblem: Error, Sendable, Equatable {
    /// The line, from 1.
    public let line: Int
    /// What PostgreSQL says.
    public let sentence: String
}
