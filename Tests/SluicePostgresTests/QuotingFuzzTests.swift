import SluicePostgres
import Testing

/// 50,000 names and as many values of every kind of text, there and back.
///
/// One after the other: tests that measure time share these threads.
@Suite(.serialized) struct QuotingFuzzTests {
    private static let seeds: [UInt64] = [1, 2, 3, 4, 5]
    private static let roundTrips = 10
    /// A result has at most 1,664 columns.
    private static let textsEach = 1_000
    /// The longest name that PostgreSQL does not cut off.
    private static let nameBytesMax = 63

    @Test(arguments: seeds)
    func anyNameComesBackAsItWent(seed: UInt64) async throws {
        var texts = AnyText(seed: seed)
        try await withConnection { connection in
            for trip in 0..<Self.roundTrips {
                let names = (0..<Self.textsEach).map { _ in
                    texts.next(bytesMin: 4, bytesMax: Self.nameBytesMax)
                }
                let selected = names.map { "1 AS " + Identifier($0).quoted }
                let result = try await ask(connection, selected, "seed \(seed), trip \(trip)")
                expect(result.columns, names, "seed \(seed), trip \(trip)")
            }
        }
    }

    @Test(arguments: seeds, ["on", "off"])
    func anyValueComesBackAsItWent(seed: UInt64, conforming: String) async throws {
        var texts = AnyText(seed: seed)
        try await withConnection { connection in
            _ = try await connection.query("SET standard_conforming_strings = \(conforming)")
            for trip in 0..<Self.roundTrips {
                let values = (0..<Self.textsEach).map { _ in texts.next(bytesMax: 200) }
                let place = "seed \(seed), trip \(trip), standard_conforming_strings \(conforming)"
                let result = try await ask(connection, values.map(Literal.quoted), place)
                expect(result.rows.first?.map { $0 ?? "NULL" } ?? [], values, place)
            }
        }
    }

    /// A text that ends its quotes early mostly gives a syntax error: the seed must show then, too.
    private func ask(
        _ connection: PostgresConnection, _ selected: [String], _ place: String
    ) async throws -> QueryResult {
        do {
            return try await connection.query("SELECT " + selected.joined(separator: ", "))
        } catch {
            Issue.record("\(place): \(error)")
            throw error
        }
    }

    /// Compares bytes: canonically equivalent texts are equal strings.
    private func expect(_ found: [String], _ sent: [String], _ place: String) {
        #expect(found.count == sent.count, "\(place)")
        let differing = zip(found, sent).first { !$0.utf8.elementsEqual($1.utf8) }
        guard let (back, text) = differing else { return }
        Issue.record("\(place): \(text.debugDescription) came back as \(back.debugDescription)")
    }
}
