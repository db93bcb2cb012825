import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

@Suite struct SQLNameTests {
    @Test(arguments: [
        ("products", ["products"]), ("Public.Products", ["public", "products"]),
        ("\"Weird \"\"Name\"\"\"", ["Weird \"Name\""]), ("a.\"B.c\"", ["a", "B.c"]),
        (" t ", ["t"]), ("größe", ["größe"]), ("\"e\u{301}\"", ["e\u{301}"]),
        ("\"a\"\u{301}", nil), ("", nil), ("1t", nil), ("a b", nil), ("a.", nil), ("\"\"", nil),
        ("\"open", nil), ("a;b", nil),
    ])
    func namesAreReadTheWayTheServerReadsThem(text: String, parts: [String]?) {
        #expect(SQLName.parts(text) == parts)
    }

    @Test func anAssignmentIsSplitAtItsFirstEqualsSignOutsideTheName() {
        let plain = SQLName.assignment("price = (price * 100)::bigint")
        #expect(plain?.column == "price" && plain?.expression == "(price * 100)::bigint")
        let quoted = SQLName.assignment("\"a = b\"=c = d")
        #expect(quoted?.column == "\"a = b\"" && quoted?.expression == "c = d")
        for bad in ["price", "= 1", "price =", "\"open = 1", ""] {
            #expect(SQLName.assignment(bad) == nil, "\(bad)")
        }
    }

    @Test func namesAreShownQuotedOnlyWhereSQLNeedsIt() {
        #expect(Identifier("price_cents2").shown == "price_cents2")
        #expect(Identifier("Price").shown == "\"Price\"")
        #expect(Identifier("2nd").shown == "\"2nd\"")
        #expect(Identifier("a\"b").shown == "\"a\"\"b\"")
        #expect(QualifiedName(schema: "public", name: "T").shown == "public.\"T\"")
    }

    @Test(arguments: [
        [], ["a"], ["a,b", "c"], ["\"q\"", "\\", "{}"], ["", " ", "NULL"], ["né", "\n"],
    ])
    func arraysSurviveTheirTextForm(elements: [String]) {
        #expect(TextArray.parse(TextArray.literal(elements)) == elements)
    }

    @Test func arraysAreReadInTheServersOwnForm() {
        #expect(TextArray.parse("{a,\"b c\",\"d\\\"e\",NULL}") == ["a", "b c", "d\"e", "NULL"])
        #expect(TextArray.parse("{}").isEmpty)
    }

    @Test(arguments: [
        ("to_jsonb(t)", true), ("t.*", true), ("to_jsonb( t )", true), ("t.a + 1", false),
        ("total", false), ("at + 1", false), ("\"t\"", true), ("a", false), ("x_t", false),
        ("(SELECT p.n + 1 FROM t p)", true), ("to_jsonb(T)", true), ("t . *", true),
    ])
    func aRowReadWholeIsNoticed(expression: String, expected: Bool) {
        #expect(SelfReference.mentionsWholeRow(expression, table: "t") == expected)
    }
}
