import SluicePostgres
import Testing

@Suite struct QuotingTests {
    @Test(arguments: [
        ("plain", "\"plain\""),
        ("Weird \"Name\"", "\"Weird \"\"Name\"\"\""),
        ("\"\u{301}; DROP TABLE t --", "\"\"\"\u{301}; DROP TABLE t --\""),
        ("a\r\nb", "\"a\r\nb\""),
    ])
    func anIdentifierDoublesEveryQuoteScalar(name: String, quoted: String) {
        #expect(Array(Identifier(name).quoted.utf8) == Array(quoted.utf8))
    }

    @Test(arguments: [
        ("plain", "'plain'"),
        ("it's", "'it''s'"),
        ("'\u{301}", "'''\u{301}'"),
        ("back\\slash", "E'back\\\\slash'"),
        ("\\'", "E'\\\\'''"),
        ("", "''"),
    ])
    func aLiteralIsSafeWhateverTheServerThinksOfBackslashes(value: String, quoted: String) {
        #expect(Array(Literal.quoted(value).utf8) == Array(quoted.utf8))
    }

    @Test func aQualifiedNameQuotesBothParts() {
        #expect(QualifiedName(schema: "a.b", name: "c").quoted == "\"a.b\".\"c\"")
        #expect(QualifiedName(name: "c").quoted == "\"c\"")
    }

    @Test(arguments: [0x5EED, 0xBEEF] as [UInt64], ["on", "off"])
    func anyTextComesBackFromTheServerAsItWent(seed: UInt64, conforming: String) async throws {
        var generator = SeededGenerator(seed: seed)
        let texts = (0..<200).map { _ in randomText(&generator) }
        try await withConnection { connection in
            _ = try await connection.query("SET standard_conforming_strings = \(conforming)")
            for text in texts {
                let name = text.isEmpty ? "x" : text
                let result = try await connection.query(
                    "SELECT \(Literal.quoted(text)) AS \(Identifier(name).quoted)")
                #expect(result.scalar.map { Array($0.utf8) } == Array(text.utf8))
                #expect(result.columns.first.map { Array($0.utf8) } == Array(name.utf8))
            }
        }
    }

    /// Short enough for an identifier: 63 bytes.
    private func randomText(_ generator: inout SeededGenerator) -> String {
        let nasty: [Unicode.Scalar] = [
            "'", "\"", "\\", "\u{301}", "\n", "\r", ";", "-", "$", "1", "a", "é", "\u{200D}", "😀",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...15, using: &generator) {
            text.append(nasty[Int.random(in: 0..<nasty.count, using: &generator)])
        }
        return String(text)
    }

    @Test func aNULByteIsRefusedAndTheConnectionLivesOn() async throws {
        try await withConnection { connection in
            let name = Identifier("a\0b").quoted
            let inSQL = try await failure { () throws(PostgresError) in
                try await connection.query("SELECT 1 AS \(name)")
            }
            #expect(inSQL.kind == .usage)
            let inScript = try await failure { () throws(PostgresError) in
                try await connection.execute(script: "SELECT 1\0")
            }
            #expect(inScript.kind == .usage)
            let inParameter = try await failure { () throws(PostgresError) in
                try await connection.query("SELECT $1::text", ["a\0b"])
            }
            #expect(inParameter.kind == .usage)
            #expect(connection.isUsable)
        }
    }
}
