import SluiceTestSupport
import Testing

/// What some builds of PostgreSQL leave out.
enum ServerNeed: Sendable {
    case citext, icu, tls

    /// Ends the test, visibly, on a server without it.
    func require(_ database: TestDatabase) async throws {
        let (name, question) =
            switch self {
            case .citext:
                ("extension citext", "pg_available_extensions WHERE name = 'citext'")
            case .icu:
                ("ICU collations", "pg_collation WHERE collname = 'en-x-icu'")
            case .tls:
                ("OpenSSL", "pg_config WHERE name = 'CONFIGURE' AND setting LIKE '%openssl%'")
            }
        if try await database.number("SELECT count(*) FROM \(question)") == 0 {
            // What becomes of a single case of several is not printed otherwise.
            Issue.record("skipped: this PostgreSQL has no \(name)", severity: .warning)
            try Test.cancel("this PostgreSQL has no \(name)")
        }
    }
}
