import SluiceCore
import Testing

@Suite struct SubSelectTests {
    @Test(arguments: [
        "EXISTS (SELECT FROM u WHERE u.id = t.id)", "a IN (select b from u)", "a IN (TABLE u)",
        "a = (WITH w AS (SELECT 1) SELECT * FROM w)", "a IN (VALUES (1), (2))",
        "a = 'never closed",
    ])
    func aQueryIsSeenHoweverItBegins(expression: String) {
        #expect(SubSelect.stands(in: expression))
    }

    @Test(arguments: [
        "todo", "a = 'select'", "\"select\" > 1", "selected AND a <> $$ TABLE u $$",
        "a > 1 -- with a comment, select nothing", "a IN (1, 2) /* VALUES (1) */", "",
    ])
    func wordsInStringsNamesAndCommentsAreNone(expression: String) {
        #expect(!SubSelect.stands(in: expression))
    }
}
