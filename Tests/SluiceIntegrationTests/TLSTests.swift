import Foundation
import SluiceSandbox
import SluiceTestSupport
import Testing

/// `sslmode=verify-full`: the server proves its name by an authority that the user trusts.
@Suite(.timeLimit(.minutes(12))) struct TLSTests {
    private static let hasOpenSSL =
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/openssl")
        }

    /// Two authorities, and a certificate for `db.test` from the first one.
    ///
    /// The server runs it in its own folder: the key then belongs to the server's account and is
    /// nobody else's to read.
    private static let certificates = """
        umask 077
        new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        for name in authority stranger; do
        openssl req -x509 $new -days 2 -subj /CN=$name -keyout $name.key -out $name.crt
        done
        echo subjectAltName=DNS:db.test > names
        openssl req $new -subj /CN=server -keyout server.key -out server.csr
        openssl x509 -req -in server.csr -CA authority.crt -CAkey authority.key -CAcreateserial \
        -days 2 -extfile names -out server.crt
        """

    private static func with(
        _ body:
            @escaping @Sendable (
                _ database: TestDatabase, _ dsn: (_ host: String, _ root: String) -> String
            ) async throws -> Void
    ) async throws {
        try await withSandbox { sandbox in
            let server = sandbox.primary
            try await TestDatabase.with(dsn: server.dsn) { database in
                try await ServerNeed.tls.require(database)
                try await database.makeTable(rows: 2_000)
                try await database.execute(
                    """
                    CREATE TABLE said (line text);
                    COPY said FROM PROGRAM $program$( \(certificates) ) 2>&1$program$;
                    """)
                // Plain connections over TCP are turned away: what connects, speaks TLS.
                try await database.execute(
                    """
                    COPY (SELECT 'local all all trust' UNION ALL
                    SELECT 'hostssl all all 127.0.0.1/32 trust') TO PROGRAM 'cat > tls_hba.conf';
                    """)
                try await database.execute("ALTER SYSTEM SET hba_file = 'tls_hba.conf'")
                try await database.execute("ALTER SYSTEM SET ssl = on")
            }
            try await server.restart()
            try await TestDatabase.with(dsn: server.dsn) { database in
                try await body(database) { host, root in
                    "host=\(host) hostaddr=127.0.0.1 port=\(server.port) dbname=postgres "
                        + "user=\(server.superuser) sslmode=verify-full "
                        + "sslrootcert=\(server.dataDirectory)/\(root).crt"
                }
            }
        }
    }

    private static let run = [
        "run", "--table", "t", "--set", "n = n + 1", "--workers", "2", "--batch", "500",
        "--progress", "plain",
    ]

    @Test(.enabled(if: hasOpenSSL, "needs the program openssl in the PATH"))
    func onlyTheRightNameByTheRightAuthorityIsTrusted() async throws {
        try await Self.with { database, dsn in
            for (host, root) in [("db.test", "stranger"), ("other.test", "authority")] {
                let outcome = try await SluiceProcess.run(Self.run, dsn: dsn(host, root))
                #expect(outcome.code == 69, "\(outcome.text)")
                #expect(outcome.text.contains("certificate"), "\(outcome.text)")
            }
            #expect(try await database.value("SELECT to_regnamespace('sluice')") == nil)

            let trusted = dsn("db.test", "authority")
            let doctor = try await SluiceProcess.run(["doctor"], dsn: trusted)
            #expect(doctor.code == 0 && doctor.text.contains("encryption: TLS"), "\(doctor.text)")
            let outcome = try await SluiceProcess.run(Self.run, dsn: trusted)
            #expect(outcome.code == 0, "\(outcome.text)")
            #expect(try await database.histogram() == "1:2000")
            let plain = try await SluiceProcess.run(
                ["status"], dsn: trusted.replacing("verify-full", with: "disable"))
            #expect(plain.code == 69, "\(plain.text)")
        }
    }
}
