/// Sub-selects in a user's expression.
public enum SubSelect {
    /// Words that only a query begins with, or that a query among parentheses may begin with.
    private static let words: Set<String> = ["select", "table", "values", "with"]

    /// Whether an expression may hold a query of its own; text that cannot be cut into words may.
    ///
    /// Where it says so wrongly (a column named `values`), nothing but the form of a batch differs.
    public static func stands(in expression: String) -> Bool {
        guard let tokens = try? SQLLexer.tokens(expression) else { return true }
        return tokens.contains { $0.kind == .word && words.contains($0.text.lowercased()) }
    }
}
