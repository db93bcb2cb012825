import Sluice
import SluicePostgres

/// Names of columns as SQL spells them.
enum SpelledName {
    /// The name that a spelling means; `nil` where it is none.
    static func plain(_ spelled: String) -> String? {
        SQLName.parts(spelled).flatMap { $0.count == 1 ? $0[0] : nil }
    }

    /// A spelling of a name, always the same one for the same name.
    static func spelled(_ plain: String) -> String {
        let isSimple =
            plain.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_"
            } && plain.first.map { !$0.isNumber } == true
        // In quotes a word of the language is a name as well; without, some words are none.
        return isSimple && !reserved.contains(plain) ? plain : Identifier(plain).quoted
    }

    /// Words that are no column names without quotes (PostgreSQL's appendix C, reserved there).
    private static let reserved: Set<String> = [
        "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
        "authorization", "binary", "both", "case", "cast", "check", "collate", "collation",
        "column", "concurrently", "constraint", "create", "cross", "current_catalog",
        "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
        "current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end",
        "except", "false", "fetch", "for", "foreign", "freeze", "from", "full", "grant", "group",
        "having", "ilike", "in", "initially", "inner", "intersect", "into", "is", "isnull",
        "join", "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp",
        "natural", "not", "notnull", "null", "offset", "on", "only", "or", "order", "outer",
        "overlaps", "placing", "primary", "references", "returning", "right", "select",
        "session_user", "similar", "some", "symmetric", "system_user", "table", "tablesample",
        "then", "to", "trailing", "true", "union", "unique", "user", "using", "variadic",
        "verbose", "when", "where", "window", "with",
    ]
}
