import SluiceTestSupport
import Testing

/// A type of key column with values for any whole number from 1 and the values at its edges.
struct KeyKind: Sendable, CustomTestStringConvertible {
    let name: String
    /// The type as a column definition spells it.
    let type: String
    /// The value of the number `$i`, another one for each up to a thousand, with gaps between.
    let value: String
    /// SQL of the smallest, the largest and the odd values.
    let extremes: [String]
    /// What a server may have been built without.
    var need: ServerNeed?

    var testDescription: String { name }

    /// The value of a number that is an SQL expression.
    func value(of number: String) -> String {
        value.replacing("$i", with: "(\(number))")
    }

    /// The same over a domain.
    var asDomain: KeyKind {
        KeyKind(
            name: "a domain over \(name)", type: "wrapped", value: value, extremes: extremes,
            need: need)
    }

    /// Makes what must be there before a table with such columns is made; ends the test, with the
    /// reason, where the server has no such type.
    static func prepare(_ database: TestDatabase, for columns: [KeyKind]) async throws {
        for need in columns.compactMap(\.need) { try await need.require(database) }
        if columns.contains(where: { $0.need == .citext }) {
            try await database.execute("CREATE EXTENSION citext")
        }
        try await database.execute("CREATE TYPE label AS ENUM (\(labels))")
    }

    /// Labels in an order that is neither their own nor that of their numbers.
    private static var labels: String {
        (1...300).map { "'l\(($0 * 7_919) % 1_009) \"'" }.joined(separator: ", ")
    }

    private static let times = [
        "'-infinity'", "'infinity'", "'4713-01-01 00:00:00+00 BC'",
        "'294276-12-31 23:59:59.999999+00'",
    ]
    private static let texts = [
        "''", "' '", "chr(1)", "chr(1114111)", "'ß'", "'ﬁ'", "'NULL'", "'{\"a\\b,c}'", "E'a\\nb'",
        "repeat('long ', 400)",
    ]
    private static let text = "chr(33 + $i % 90) || '-äÖ ' || $i"

    static let all = numbers + writtenAndTimed + others

    /// Those that every server has.
    static let everywhere = all.filter { $0.need == nil }

    private static let numbers = [
        KeyKind(
            name: "smallint", type: "smallint", value: "($i * 13 - 7000)::smallint",
            extremes: ["(-32768)::smallint", "32767::smallint"]),
        KeyKind(
            name: "integer", type: "integer", value: "($i - 500) * 7919",
            extremes: ["-2147483648", "2147483647"]),
        KeyKind(
            name: "bigint", type: "bigint", value: "($i - 500)::bigint * 9000000000000000",
            extremes: ["-9223372036854775808", "9223372036854775807"]),
        KeyKind(
            name: "numeric", type: "numeric", value: "($i - 500) / 7.0",
            extremes: [
                "'NaN'", "'infinity'", "'-infinity'", "10::numeric ^ 5000", "-(10::numeric ^ 5000)",
                "1e-500", "0.10",
            ]),
        KeyKind(
            name: "numeric with a scale", type: "numeric(12, 3)", value: "$i * 1.001",
            extremes: ["'NaN'", "999999999.999"]),
        KeyKind(
            name: "double precision", type: "double precision", value: "1 / $i::float8",
            extremes: [
                "'NaN'", "'infinity'", "'-infinity'", "1.7976931348623157e308",
                "-1.7976931348623157e308", "5e-324", "0",
            ]),
        KeyKind(
            name: "real", type: "real", value: "1 / $i::float4",
            extremes: ["'NaN'", "'infinity'", "'-infinity'", "3.4028235e38", "1e-45", "0"]),
    ]

    private static var writtenAndTimed: [KeyKind] {
        let written: [(String, String, ServerNeed?)] = [
            ("text of C", "text COLLATE \"C\"", nil),
            ("text of ICU", "text COLLATE \"en-x-icu\"", .icu), ("text", "text", nil),
            ("varchar", "varchar(2500) COLLATE \"C\"", nil), ("citext", "citext", .citext),
        ]
        return written.map { name, type, need in
            KeyKind(name: name, type: type, value: text, extremes: texts, need: need)
        } + [
            KeyKind(
                name: "date", type: "date", value: "date '1999-12-01' + $i * 3",
                extremes: ["'-infinity'", "'infinity'", "'4713-01-01 BC'", "'5874897-12-31'"]),
            KeyKind(
                name: "timestamp", type: "timestamp",
                value: "timestamp '1970-01-01' + $i * interval '1 day 1 us'", extremes: times),
            KeyKind(
                name: "timestamptz", type: "timestamptz",
                value: "timestamptz '1970-01-01' + $i * interval '1 day 1 us'", extremes: times),
        ]
    }

    private static let others = [
        KeyKind(
            name: "uuid", type: "uuid", value: "md5($i::text)::uuid",
            extremes: [
                "'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
            ]),
        KeyKind(
            name: "bytea", type: "bytea", value: "decode(md5($i::text), 'hex')",
            extremes: ["''", "'\\x00'", "'\\xff'", "decode(repeat('ff', 2000), 'hex')"]),
        KeyKind(
            name: "enum", type: "label", value: "(enum_range(NULL::label))[1 + $i % 300]",
            extremes: []),
    ]
}
