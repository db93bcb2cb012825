import SluiceCore
import SluicePostgres

/// Looks at everything between this program and the database that a run will need.
struct Doctor: Sendable {
    let connection: PostgresConnection

    func examine() async throws -> [DoctorFinding] {
        var findings = try await server()
        findings += try await permissions()
        findings += try await replicas()
        findings += try await settings()
        findings += try await log()
        return findings
    }

    /// What guards the log's disk and the archive sees nothing without a permission.
    private func log() async throws -> [DoctorFinding] {
        let facts = try await HealthObserver.facts(connection)
        let cure = "GRANT pg_monitor TO \(facts.role)"
        let log = DoctorFinding(
            level: facts.seesLog ? .ok : .warning, subject: "log",
            finding: facts.seesLog
                ? "the size of pg_wal can be watched"
                : "this role may not see the size of pg_wal: --max-pg-wal is refused",
            cure: facts.seesLog ? nil : cure)
        guard facts.archives else { return [log] }
        let archive = DoctorFinding(
            level: facts.hidesArchive ? .warning : .ok, subject: "archive",
            finding: facts.hidesArchive
                ? "the log is archived, and this role may not see what waits for that: an archive "
                    + "that does not keep up holds no batch back"
                : "what waits for it can be watched",
            cure: facts.hidesArchive ? cure : nil)
        return [log, archive]
    }

    private func server() async throws -> [DoctorFinding] {
        let row = try await connection.query(DoctorSQL.server).rows[0]
        func text(_ index: Int) -> String { row[index] ?? "" }
        var findings = [
            DoctorFinding(
                level: connection.serverVersion >= 140_000 ? .ok : .problem, subject: "server",
                finding: "PostgreSQL \(text(0)), database \(text(1)), role \(text(2))",
                cure: connection.serverVersion >= 140_000
                    ? nil : "Sluice needs PostgreSQL 14 or newer"),
            DoctorFinding(
                level: row[3] == "t" ? .problem : .ok, subject: "primary",
                finding: row[3] == "t" ? "this is a standby" : "can be written to",
                cure: row[3] == "t"
                    ? "connect to the primary: add target_session_attrs=read-write" : nil),
        ]
        let local = row[5] == nil
        findings.append(
            DoctorFinding(
                level: row[4] == "t" || local ? .ok : .warning, subject: "encryption",
                finding: row[4] == "t"
                    ? "TLS"
                    : local ? "unix socket, none needed" : "the connection is not encrypted",
                cure: row[4] == "t" || local ? nil : "add sslmode=verify-full"))
        if row[6] != "\(connection.backendPID)" {
            findings.append(
                DoctorFinding(
                    level: .warning, subject: "pooler",
                    finding: "a connection pooler stands before the server",
                    cure: "a killed process's ranges wait for their lease; connect directly to "
                        + "have them at once"))
        }
        return findings
    }

    private func permissions() async throws -> [DoctorFinding] {
        let ledger = Ledger(connection: connection)
        let row = try await connection.query(LedgerSQL.mayCreate).rows[0]
        let database = row[3] ?? ""
        let role = row[4] ?? ""
        if row[1] != "t" {
            let may = row[0] == "t"
            return [
                DoctorFinding(
                    level: may ? .ok : .problem, subject: "ledger",
                    finding: may
                        ? "schema sluice will be created on first use"
                        : "the role may not create the schema sluice",
                    cure: may ? nil : "GRANT CREATE ON DATABASE \(database) TO \(role)")
            ]
        }
        do {
            guard try await ledger.isPresent() else {
                return [
                    DoctorFinding(
                        level: row[2] == "t" ? .ok : .problem, subject: "ledger",
                        finding: "schema sluice exists, its tables will be created on first use",
                        cure: row[2] == "t"
                            ? nil : "GRANT CREATE, USAGE ON SCHEMA sluice TO \(role)")
                ]
            }
            return [
                DoctorFinding(
                    level: .ok, subject: "ledger",
                    finding: "present, version \(LedgerMigrations.version)", cure: nil)
            ]
        } catch let error as SluiceError {
            return [
                DoctorFinding(
                    level: .problem, subject: "ledger", finding: error.message, cure: nil)
            ]
        }
    }

    private func replicas() async throws -> [DoctorFinding] {
        let standby = try await connection.query("SELECT pg_catalog.pg_is_in_recovery()").scalar
        if standby == "t" { return [] }
        var observer = ReplicaObserver()
        switch try await observer.observe(connection, nowSeconds: 0) {
        case .noReplica:
            return [
                DoctorFinding(
                    level: .ok, subject: "replicas",
                    finding: "none is connected: there is no lag to wait for", cure: nil)
            ]
        case .lag(let seconds):
            return [
                DoctorFinding(
                    level: .ok, subject: "replicas",
                    finding: "can be watched; the worst is \(Int(seconds * 1_000)) ms behind",
                    cure: nil)
            ]
        case .unobservable(let reason):
            return [
                DoctorFinding(level: .problem, subject: "replicas", finding: reason, cure: nil)
            ]
        }
    }

    private func settings() async throws -> [DoctorFinding] {
        let row = try await connection.query(DoctorSQL.settings).rows[0]
        let free = (Int(row[0] ?? "") ?? 0) - (Int(row[1] ?? "") ?? 0)
        let needed = Limits().workers.upperBound + 2
        var findings = [
            DoctorFinding(
                level: free >= needed ? .ok : .warning, subject: "connections",
                finding:
                    "\(free) of \(row[0] ?? "?") are free, a run with defaults needs \(needed)",
                cure: free >= needed ? nil : "use fewer --workers, or raise max_connections")
        ]
        let preparedLeft = Int(row[2] ?? "") ?? 0
        let oldest = Int(row[3] ?? "") ?? 0
        if preparedLeft > 0 || oldest > Self.oldSnapshotSeconds {
            findings.append(
                DoctorFinding(
                    level: .warning, subject: "old snapshots",
                    finding: "\(preparedLeft) prepared transactions; the oldest snapshot is "
                        + "\(oldest) s old: space of changed rows cannot be used again meanwhile",
                    cure: "end what holds it: see backend_xmin in pg_stat_activity, and "
                        + "pg_prepared_xacts"))
        }
        if row[4] == "off" {
            findings.append(
                DoctorFinding(
                    level: .warning, subject: "autovacuum", finding: "is off",
                    cure: "turn it on: an update leaves a dead row behind for each one changed"))
        }
        return findings
    }

    /// A snapshot older than so many seconds keeps much of a run's dead rows from being reused.
    private static let oldSnapshotSeconds = 300
}
