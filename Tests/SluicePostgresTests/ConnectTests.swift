import Foundation
import Testing

@testable import SluicePostgres

@Suite struct ConnectTests {
    /// A login role with a password, dropped afterwards.
    private func withRole(
        password: String, _ body: (TestServer, String) async throws -> Void
    ) async throws {
        let server = try TestServer.shared.get()
        let admin = try await PostgresConnection.connect(server.parameters())
        let role = "role_\(admin.backendPID)"
        _ = try await admin.query(
            "CREATE ROLE \(role) LOGIN PASSWORD \(Literal.quoted(password))")
        do {
            try await body(server, role)
        } catch {
            Issue.record(error)
        }
        _ = try await admin.query("DROP ROLE \(role)")
        await admin.close()
    }

    @Test func aRefusedConnectionNamesHostAndPort() async throws {
        let error = try await failure { () throws(PostgresError) in
            try await PostgresConnection.connect(
                ConnectionParameters(keywords: [
                    "host": "127.0.0.1", "port": "1", "user": "me", "password": "hunter2",
                ]))
        }
        #expect(error.kind == .connectFailed)
        #expect(error.sqlState == nil)
        #expect(error.description.contains("127.0.0.1"))
        #expect(error.description.contains("port 1 "))
        #expect(!error.description.contains("hunter2"))
    }

    @Test func scramLetsTheRightPasswordIn() async throws {
        try await withRole(password: "corr'ect \\ hörse") { server, role in
            let connection = try await PostgresConnection.connect(
                server.tcpParameters(user: role, password: "corr'ect \\ hörse"))
            let user = try await connection.query("SELECT current_user")
            #expect(user.scalar == role)
            await connection.close()
        }
    }

    @Test func aWrongPasswordIsRefusedWithItsSQLStateAndWithoutThePassword() async throws {
        try await withRole(password: "right") { server, role in
            let error = try await failure { () throws(PostgresError) in
                try await PostgresConnection.connect(
                    server.tcpParameters(user: role, password: "hunter2"))
            }
            #expect(error.kind == .connectFailed)
            #expect(error.sqlState == .invalidPassword)
            #expect(error.description.contains(role))
            #expect(!error.description.contains("hunter2"))
            #expect(!error.description.contains("LOCATION"))
        }
    }

    @Test func anUnknownDatabaseHasItsSQLState() async throws {
        let server = try TestServer.shared.get()
        let error = try await failure { () throws(PostgresError) in
            try await PostgresConnection.connect(server.parameters(database: "nowhere"))
        }
        #expect(error.kind == .connectFailed)
        #expect(error.sqlState == .undefinedDatabase)
    }

    @Test func thePasswordFileIsRead() async throws {
        try await withRole(password: "from file") { server, role in
            let path = server.folder + "/pgpass-\(role)"
            try Data("127.0.0.1:\(server.port):*:\(role):from file\n".utf8)
                .write(to: URL(fileURLWithPath: path))
            try TestServer.run("chmod", ["600", path])
            let connection = try await PostgresConnection.connect(
                server.tcpParameters(user: role, password: nil).setting("passfile", to: path))
            #expect(connection.isUsable)
            await connection.close()
        }
    }

    @Test func theServiceFileIsReadAndAnUnknownServiceIsNamed() async throws {
        _ = try TestServer.shared.get()
        let connection = try await PostgresConnection.connect(
            try ConnectionParameters(dsn: "service=sluice"))
        #expect(connection.isUsable)
        await connection.close()
        let error = try await failure { () throws(PostgresError) in
            try await PostgresConnection.connect(
                ConnectionParameters(keywords: ["service": "nobody"]))
        }
        #expect(error.kind == .connectFailed)
        #expect(error.description.contains("nobody"))
    }

    @Test func keepalivesAreSetWhereNobodySetThem() throws {
        _ = try TestServer.shared.get()
        let plain = Session.completed(ConnectionParameters(keywords: ["host": "h"]))
        #expect(plain["keepalives_idle"] == "30")
        #expect(plain["tcp_user_timeout"] == "30000")
        #expect(plain["client_encoding"] == "UTF8")
        let chosen = Session.completed(
            ConnectionParameters(keywords: ["host": "h", "keepalives_idle": "5"]))
        #expect(chosen["keepalives_idle"] == "5")
        // The service file says 77, which an explicit setting would overrule.
        let service = Session.completed(ConnectionParameters(keywords: ["service": "sluice"]))
        #expect(service["keepalives_idle"] == nil)
        #expect(service["keepalives_count"] == "3")
    }

    @Test(.enabled(if: TestServer.knowsTLS, "the server was built without OpenSSL"))
    func verifyFullAcceptsTheNameInTheCertificateOnly() async throws {
        try await withRole(password: "tls") { server, role in
            let verified = server.tcpParameters(user: role, password: "tls")
                .setting("sslmode", to: "verify-full")
                .setting("sslrootcert", to: server.folder + "/root.crt")
            let named = verified.setting("host", to: "localhost")
                .setting("hostaddr", to: "127.0.0.1")
            let connection = try await PostgresConnection.connect(named)
            let tls = try await connection.query(
                "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            #expect(tls.scalar == "t")
            let large = try await connection.query(
                "SELECT repeat('x', 100000) FROM generate_series(1, 100)",
                timeout: .seconds(20))
            #expect(large.rows.count == 100)
            // Rows of every size around a TLS record's.
            let sizes = try await connection.forEachRow(
                "SELECT repeat('x', n * 7) FROM generate_series(1, 5000) n",
                timeout: .seconds(20)
            ) { _ in }
            #expect(sizes == 5000)
            let cancelled = try await failure { () throws(PostgresError) in
                try await connection.query("SELECT pg_sleep(60)", timeout: .milliseconds(50))
            }
            #expect(cancelled.kind == .timedOut)
            #expect(cancelled.sqlState == .queryCanceled)
            let error = try await failure { () throws(PostgresError) in
                try await PostgresConnection.connect(verified)
            }
            #expect(error.kind == .connectFailed)
            #expect(error.description.contains("certificate"))
        }
    }

    @Test func aServerThatIsSilentIsGivenUpAtTheDeadline() async throws {
        let listener = try SilentListener()
        defer { listener.close() }
        let start = ContinuousClock.now
        let error = try await failure { () throws(PostgresError) in
            try await PostgresConnection.connect(
                listener.parameters, timeout: .milliseconds(200))
        }
        #expect(error.kind == .connectFailed)
        #expect(error.description.contains("\(listener.port)"))
        #expect(ContinuousClock.now - start < .seconds(3))
    }

    @Test func connectingCanBeCancelled() async throws {
        let listener = try SilentListener()
        defer { listener.close() }
        let parameters = listener.parameters
        let task = Task {
            try await failure { () throws(PostgresError) in
                try await PostgresConnection.connect(parameters, timeout: .seconds(60))
            }
        }
        task.cancel()
        let error = try await task.value
        #expect(error.kind == .cancelled)
    }
}
