import SluiceCore
import SluicePostgres

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Looks at what a run can wear out beside its replicas, and says why batches wait for it.
struct HealthObserver: Sendable {
    /// How often it looks, in seconds: what it looks at moves by segments and minutes.
    private static let periodSeconds = 5.0
    /// The same where the user limits `pg_wal`, in seconds: a fast run writes a tenth of a gigabyte
    /// in that.
    private static let periodSecondsLimited = 1.0
    /// From when on a snapshot is old, in seconds: a long report takes minutes, and what a run
    /// leaves behind in ten is worth a sentence.
    static let snapshotSeconds = 600.0

    private let snapshotSeconds: Double
    /// What the session may ask; a new one is asked first.
    private var facts: HealthSQL.Facts?
    private var nextSeconds = 0.0
    private var wasLimited = false
    private var gate = HealthGate()
    private var notes = HealthNotes()
    private(set) var seen = ServerHealth()

    init(snapshotSeconds: Double = Self.snapshotSeconds) {
        self.snapshotSeconds = snapshotSeconds
    }

    /// The connection is another one from now on.
    mutating func forgetSession() { facts = nil }

    /// Why batches wait, by the last look; follows the limits at once.
    mutating func reason(_ limits: Limits) -> String? { gate.decide(seen, limits) }

    /// Looks, if it is time; what a person should know that was not said yet.
    mutating func look(
        _ connection: PostgresConnection, job: PlannedJob, limits: Limits, nowSeconds: Double
    ) async throws(PostgresError) -> [String] {
        let isLimited = limits.maxPgWalBytes != nil
        // A limit that has just come needs its first look.
        if isLimited != wasLimited { nextSeconds = nowSeconds }
        wasLimited = isLimited
        guard nowSeconds >= nextSeconds else { return [] }
        nextSeconds = nowSeconds + (isLimited ? Self.periodSecondsLimited : Self.periodSeconds)
        do throws(PostgresError) {
            let facts = try await known(connection)
            let row = try await connection.queryKept(
                HealthSQL.look(facts, seesLog: isLimited),
                [
                    .text(TextArray.literal(job.largestParts.map { "\($0.oid)" })),
                    .text("\(snapshotSeconds)"),
                ], timeout: .seconds(10)
            ).rows[0]
            seen = Self.health(row)
            // Without a limit of the lag nothing waits for the archive, seen or not.
            let misses = facts.hidesArchive && limits.maxLagSeconds != nil
            seen.archiveHiddenFrom = misses ? facts.role : nil
        } catch {
            // A permission that was taken away, or a function that another version has: not seen.
            guard error.kind == .server else { throw error }
            facts = nil
            seen = ServerHealth()
        }
        return notes.news(seen)
    }

    private mutating func known(
        _ connection: PostgresConnection
    ) async throws(PostgresError) -> HealthSQL.Facts {
        if let facts { return facts }
        let facts = try await Self.facts(connection)
        self.facts = facts
        return facts
    }

    /// What the session's role may ask.
    static func facts(
        _ connection: PostgresConnection
    ) async throws(PostgresError) -> HealthSQL.Facts {
        let row = try await connection.query(HealthSQL.facts, timeout: .seconds(10)).rows[0]
        return HealthSQL.Facts(
            seesLog: row[0] == "t", seesArchive: row[1] == "t", archives: row[4] == "t",
            hasReaders: row[2] == "t", role: row[3] ?? "",
            serverVersion: connection.serverVersion)
    }

    /// What an answer means.
    static func health(_ row: [String?]) -> ServerHealth {
        var health = ServerHealth()
        health.slots = (list(row[0]) as [[String?]]? ?? []).compactMap { slot in
            guard let name = slot[0], let bytes = slot[1].flatMap({ Double($0) }) else {
                return nil
            }
            return ServerHealth.Slot(name: name, retainedBytes: bytes)
        }
        health.slotBytesMax = row[1].flatMap { Double($0) }
        health.archiveWaiting = row[2].flatMap { Int($0) }
        health.pgWalBytes = row[3].flatMap { Double($0) }
        health.readerLagSeconds = row[4].flatMap { Double($0) }
        health.requestedCheckpoints = row[5].flatMap { Int($0) }
        health.oldSnapshot = (list(row[6]) as [String?]?).flatMap(snapshot)
        health.vacuumedTable = row[7]
        return health
    }

    private static func snapshot(_ row: [String?]) -> ServerHealth.Snapshot? {
        guard row.count == 6, let id = row[0] else { return nil }
        let role = row[1] ?? "?"
        let holder: String
        if let gid = row[4] {
            holder = "the prepared transaction \(gid) (user \(role))"
        } else {
            let application = row[2].flatMap { $0.isEmpty ? nil : $0 } ?? "unknown program"
            holder = "pid \(row[3] ?? "?") (\(application), user \(role))"
        }
        return ServerHealth.Snapshot(
            id: id, holder: holder, ageSeconds: row[5].flatMap { Double($0) } ?? 0)
    }

    private static func list<Value: Decodable>(_ json: String?) -> Value? {
        json.flatMap { try? JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    }
}
