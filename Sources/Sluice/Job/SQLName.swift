/// Reads names the way SQL does: unquoted ones are folded to lower case, quoted ones are exact.
public enum SQLName {
    /// Splits `a."B.c".d` into its parts; `nil` when it is not a name.
    public static func parts(_ text: String) -> [String]? {
        var parts: [String] = []
        var rest = Substring(text.trimmingSpaces())
        while true {
            guard let (part, after) = leadingPart(rest) else { return nil }
            parts.append(part)
            rest = after
            if rest.isEmpty { return parts }
            guard rest.first == "." else { return nil }
            rest = rest.dropFirst()
        }
    }

    /// The name at the start of `text` and what follows it.
    ///
    /// Works on scalars: a quote followed by a combining accent is one `Character` that equals no
    /// quote.
    static func leadingPart(_ text: Substring) -> (name: String, rest: Substring)? {
        guard let first = text.unicodeScalars.first else { return nil }
        if first != "\"" { return plainPart(text, first: first) }
        var name = String.UnicodeScalarView()
        var rest = text.unicodeScalars.dropFirst()
        while let next = rest.first {
            rest = rest.dropFirst()
            if next != "\"" {
                name.append(next)
            } else if rest.first == "\"" {
                name.append("\"")
                rest = rest.dropFirst()
            } else {
                return name.isEmpty ? nil : (String(name), Substring(rest))
            }
        }
        return nil
    }

    private static func plainPart(
        _ text: Substring, first: Unicode.Scalar
    ) -> (name: String, rest: Substring)? {
        let name = text.unicodeScalars.prefix { scalar in
            scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic
                || ("0"..."9").contains(scalar) || scalar.value > 127
        }
        guard !name.isEmpty, !("0"..."9").contains(first), first != "$" else { return nil }
        let rest = text.unicodeScalars.dropFirst(name.count)
        return (String(Substring(name)).lowercasedASCII(), Substring(rest))
    }

    /// Reads `column = expression`; `nil` when there is no column or no expression.
    public static func assignment(_ text: String) -> (column: String, expression: String)? {
        let trimmed = text.trimmingSpaces()
        guard let (_, after) = leadingPart(Substring(trimmed)) else { return nil }
        let spelled = trimmed[..<after.startIndex]
        let rest = after.drop { $0 == " " || $0 == "\t" }
        guard rest.first == "=" else { return nil }
        let expression = String(rest.dropFirst()).trimmingSpaces()
        return expression.isEmpty ? nil : (String(spelled), expression)
    }
}

extension String {
    /// PostgreSQL folds only ASCII letters when the encoding is multi-byte.
    func lowercasedASCII() -> String {
        String(decoding: utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }

    /// The text without white space at either end.
    func trimmingSpaces() -> String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
