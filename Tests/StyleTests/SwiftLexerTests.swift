import Testing

/// The rules are only as right as the line between code and text.
@Suite struct SwiftLexerTests {
    @Test(
        "Text is dropped and code is kept",
        arguments: [
            ("a // b\nc", "a c"),
            ("a /* b /* c */ d */ e", "a e"),
            (#"f("a // b { \"c\" }")"#, #"f ( " )"#),
            (#""a \(b("c { \(d)")) e" + f"#, #"" ( b ( " ( d ) ) ) + f"#),
            ("##\"a \\(b) \"# \\##(c) \"## + d", #"" ( c ) + d"#),
            ("\"\"\"\n a \"b\" { \\(c)\n \"\"\" + d", #"" ( c ) + d"#),
            ("x = /a\"{/ + b", "x = / + b"),
            ("x = a / b / c", "x = a / b / c"),
            ("x = #/a \" { b/# + c", "x = / + c"),
            ("`init`(a)", "`init` ( a )"),
            ("überfluss(1.5)", "überfluss ( 1 . 5 )"),
        ])
    func textIsDroppedAndCodeIsKept(_ source: String, _ expected: String) {
        #expect(SwiftLexer.tokens(of: source).map(\.text).joined(separator: " ") == expected)
    }

    @Test func linesAreCountedThroughCommentsAndStrings() {
        let source = "a\n/* b\n*/ c \"\"\"\n d\n \"\"\" e\n\"f\\(g)\" h"
        let lines = Dictionary(
            SwiftLexer.tokens(of: source).map { ($0.text, $0.line) }, uniquingKeysWith: max)
        #expect(lines["a"] == 1)
        #expect(lines["c"] == 3)
        #expect(lines["e"] == 5)
        #expect(lines["h"] == 6)
    }

    @Test func anUnfinishedStringEndsWithItsLine() {
        #expect(SwiftLexer.tokens(of: "\"a\nb").map(\.text) == ["\"", "b"])
    }
}
