import Testing

extension BinaryTests {
    /// Names that bite, from the command line to the last row.
    @Suite(.serialized)
    struct AwkwardNameTests {
        struct Names: Sendable, CustomTestStringConvertible {
            let setup: String
            let table: String
            let set: String
            var key: String?
            let check: String

            var testDescription: String { table }
        }

        static let cases = [
            Names(
                setup: #"""
                    CREATE TABLE "Weird ""Name""" (id bigint PRIMARY KEY, "select" int);
                    INSERT INTO "Weird ""Name""" SELECT generate_series(1, 7);
                    """#, table: #""Weird ""Name""""#, set: #""select" = 5"#,
                check: #"SELECT count(*) FROM "Weird ""Name""" WHERE "select" = 5"#),
            Names(
                setup: """
                    CREATE SCHEMA hidden; CREATE TABLE hidden.t (id uuid PRIMARY KEY, n int);
                    INSERT INTO hidden.t SELECT gen_random_uuid() FROM generate_series(1, 7);
                    """, table: "hidden.t", set: "n=5",
                check: "SELECT count(*) FROM hidden.t WHERE n = 5"),
            Names(
                setup: """
                    CREATE SCHEMA "Ünï.cødé";
                    CREATE TABLE "Ünï.cødé"."表" ("Schlüssel" text PRIMARY KEY,
                        "🦊" int);
                    INSERT INTO "Ünï.cødé"."表" SELECT 'k' || g FROM generate_series(1, 7) g;
                    """, table: "\"Ünï.cødé\".\"表\"", set: "\"🦊\" = 5", key: "\"Schlüssel\"",
                check: "SELECT count(*) FROM \"Ünï.cødé\".\"表\" WHERE \"🦊\" = 5"),
            Names(
                setup: """
                    CREATE TABLE "order" ("where" int PRIMARY KEY, "e=mc" int,
                        "a,b" int UNIQUE NOT NULL);
                    INSERT INTO "order" SELECT g, 0, g FROM generate_series(1, 7) g;
                    """, table: "\"order\"", set: "\"e=mc\" = \"where\" * 0 + 5", key: "\"a,b\"",
                check: "SELECT count(*) FROM \"order\" WHERE \"e=mc\" = 5"),
            Names(
                setup: #"""
                    CREATE TABLE "back\slash 'quote' $1 %s" (id int PRIMARY KEY, "new\nline
                    " text);
                    INSERT INTO "back\slash 'quote' $1 %s" SELECT generate_series(1, 7);
                    """#, table: #""back\slash 'quote' $1 %s""#,
                set: "\"new\\nline\n\" = '5' -- a comment",
                check: #"SELECT count(*) FROM "back\slash 'quote' $1 %s""#),
        ]

        @Test(arguments: cases)
        func namesThatBiteRunToCompletion(_ names: Names) async throws {
            try await DatabaseForTests.with(setup: names.setup) { database in
                var arguments = ["run", "--table", names.table, "--set", names.set]
                if let key = names.key { arguments += ["--key", key] }
                let plan = try await database.sluice(["plan"] + arguments.dropFirst())
                #expect(plan.code == 0, "\(plan)")
                let outcome = try await database.sluice(arguments)
                #expect(outcome.code == 0, "\(outcome)")
                #expect(outcome.output.contains("7 rows changed"), "\(outcome.output)")
                #expect(try await database.psql(names.check) == "7")
                let status = try await database.sluice(["status"])
                #expect(status.code == 0)
                #expect(status.output.split(separator: "\n").count == 2, "\(status.output)")
            }
        }
    }
}
