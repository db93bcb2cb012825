import SluiceCore
import Testing

@Suite struct StatementTemplateTests {
    private func filled(_ sql: String) throws -> String {
        try StatementTemplate(sql).filled { piece in
            switch piece {
            case .text(let text): text
            case .lower: "<L>"
            case .upper: "<U>"
            case .range(nil): "<R>"
            case .range(let qualifier?): "<R \(qualifier)>"
            }
        }
    }

    private func problem(_ sql: String) -> String {
        do throws(StatementProblem) {
            _ = try StatementTemplate(sql)
            return ""
        } catch {
            return error.sentence
        }
    }

    static let placeholders: [(String, String)] = [
        ("DELETE FROM t WHERE :range", "DELETE FROM t WHERE <R>"),
        ("delete from t where id>:lower and id<=:upper", "delete from t where id><L> and id<=<U>"),
        ("DELETE FROM t x WHERE :range(x)", "DELETE FROM t x WHERE <R x>"),
        ("DELETE FROM t WHERE :range(\"X y\")", "DELETE FROM t WHERE <R \"X y\">"),
        ("DELETE FROM t WHERE :range (a = 1)", "DELETE FROM t WHERE <R> (a = 1)"),
        ("DELETE FROM t WHERE (:range)", "DELETE FROM t WHERE (<R>)"),
        ("DELETE FROM t WHERE :range; -- done\n ;", "DELETE FROM t WHERE <R>"),
        ("DELETE FROM t WHERE :range -- :upper", "DELETE FROM t WHERE <R> -- :upper"),
        ("/* :lower /* ; */ ) */ DELETE FROM t WHERE :range", "/* :lower /* ; */ ) */ "),
        ("DELETE FROM t WHERE :range AND a = ':upper '':lower'", "':upper '':lower'"),
        ("DELETE FROM t WHERE :range AND a = E'\\':upper'", "E'\\':upper'"),
        ("DELETE FROM t WHERE :range AND a = E'x'\n  '\\':upper'", "E'x'\n  '\\':upper'"),
        ("DELETE FROM t WHERE :range AND a = U&'d\\0061:upper'", "U&'d\\0061:upper'"),
        ("DELETE FROM t WHERE :range AND \":upper\" = 1", "\":upper\" = 1"),
        ("DELETE FROM t WHERE :range AND U&\":upper\"\"\" = 1", "U&\":upper\"\"\" = 1"),
        ("DELETE FROM t WHERE :range AND a = $$:upper )$$", "$$:upper )$$"),
        ("DELETE FROM t WHERE :range AND a = $q$ $$:upper;$q$", "$q$ $$:upper;$q$"),
        ("DELETE FROM t WHERE :range AND a = b::upper", "a = b::upper"),
        ("DELETE FROM t WHERE :range AND a = '1'::lower.x", "'1'::lower.x"),
        (
            "DELETE FROM t WHERE :range AND a[1:upper] = b[lower:upper]",
            "a[1:upper] = b[lower:upper]"
        ),
        ("DELETE FROM t WHERE :range AND f(a := 1)", "f(a := 1)"),
        ("DELETE FROM t WHERE :range AND a$upper = 1 AND é$1 = 2", "a$upper = 1 AND é$1 = 2"),
        ("WITH x AS (SELECT 1) DELETE FROM t WHERE :range", "WITH x AS (SELECT 1) DELETE"),
    ]

    @Test(arguments: placeholders)
    func placeholdersAreFoundWhereTheServerSeesCode(_ sql: String, _ expected: String) throws {
        let text = try filled(sql)
        #expect(text.contains(expected))
        #expect(text.contains("<R") || text.contains("<L>"))
        #expect(!text.contains(":range"))
    }

    static let refusals: [(String, String)] = [
        ("", "must be one INSERT"), ("  -- nothing", "must be one INSERT"),
        ("SELECT * FROM t WHERE :range", "must be one INSERT"),
        ("TRUNCATE t", "must be one INSERT"),
        ("(DELETE FROM t WHERE :range)", "must be one INSERT"),
        ("DELETE FROM t", "write WHERE :range"),
        ("DELETE FROM t WHERE id > :lower", "write WHERE :range"),
        ("DELETE FROM t WHERE id <= :upper", "write WHERE :range"),
        ("DELETE FROM t WHERE a = ':range'", "write WHERE :range"),
        ("DELETE FROM t /* :range */", "write WHERE :range"),
        ("DELETE FROM t WHERE :range; DELETE FROM u", "more than one statement"),
        ("DELETE FROM t WHERE :range RETURNING id", "RETURNING of its own"),
        ("DELETE FROM t WHERE :range\nreturning *", "RETURNING of its own"),
        ("DELETE FROM t WHERE :range AND id = $1", "$1 has no value"),
        ("DELETE FROM t WHERE :range), x AS (DELETE FROM u", "closes a parenthesis"),
        ("DELETE FROM t WHERE (:range", "opens a parenthesis"),
        ("DELETE FROM t WHERE :range AND id > :min", ":min is no placeholder"),
        ("DELETE FROM t WHERE :rangeof", ":rangeof is no placeholder"),
        ("DELETE FROM t WHERE :range AND a = 'x", "string is never closed"),
        ("DELETE FROM t WHERE :range AND a = E'x\\'", "string is never closed"),
        ("DELETE FROM t WHERE :range AND \"a", "quoted name is never closed"),
        ("DELETE FROM t WHERE :range /* /* */", "comment /* is never closed"),
        ("DELETE FROM t WHERE :range AND a = $x$ $$", "dollar quote is never closed"),
    ]

    @Test(arguments: refusals)
    func whatCannotStandWithinABatchIsRefused(_ sql: String, _ sentence: String) {
        #expect(problem(sql).contains(sentence), "\(problem(sql))")
    }

    @Test func anEndingBackslashIsNoEscapeInAPlainString() throws {
        let text = try filled("DELETE FROM t WHERE a = 'x\\' AND :range")
        #expect(text == "DELETE FROM t WHERE a = 'x\\' AND <R>")
    }

    @Test func onlyLowerNeedsAFirstBound() throws {
        #expect(
            try StatementTemplate("DELETE FROM t WHERE :range AND id <= :upper").usesLower == false)
        #expect(try StatementTemplate("DELETE FROM t WHERE id > :lower AND id <= :upper").usesLower)
    }
}
