import SluiceCore
import SluicePostgres

/// Reads what a change of rows sets off beside itself: triggers and foreign keys.
struct ChangeNotes: Sendable {
    let connection: PostgresConnection

    /// Things to know before starting.
    func notes(_ job: PlannedJob) async throws(PostgresError) -> [String] {
        let kind = job.identity.kind
        let isSilent = job.identity.detail.disablesTriggers == true
        var notes: [String] = []
        if isSilent {
            notes.append(
                "triggers are silenced, and so are foreign keys: rows that violate them are not "
                    + "found, and ON DELETE and ON UPDATE actions do not happen")
        }
        if kind == .update, isSilent {
            notes += try await triggers(
                of: job.table.oid, NotesSQL.updateEvent, isSilent: isSilent,
                words: "updated row")
        }
        if kind == .delete || kind == .move {
            notes += try await triggers(
                of: job.table.oid, NotesSQL.deleteEvent, isSilent: isSilent,
                words: "row deleted from \(job.table.name.shown)")
            if !isSilent { notes += try await references(to: job.table) }
        }
        if let target = job.target {
            notes += try await triggers(
                of: target.oid, NotesSQL.insertEvent, isSilent: isSilent,
                words: "row inserted into \(target.name.shown)")
            if job.identity.detail.onConflict == .update {
                notes += try await triggers(
                    of: target.oid, NotesSQL.updateEvent, isSilent: isSilent,
                    words: "row updated in \(target.name.shown)")
            }
        }
        return notes
    }

    private func triggers(
        of table: UInt32, _ event: Int, isSilent: Bool, words: String
    ) async throws(PostgresError) -> [String] {
        let states = TextArray.literal(isSilent ? ["R", "A"] : ["O", "A"])
        let names = try await connection.query(
            NotesSQL.triggers, [.text("\(table)"), Parameter(event), .text(states)]
        ).scalar
        return names.map { ["triggers fire for every \(words): \($0)"] } ?? []
    }

    private func references(to table: TableFacts) async throws(PostgresError) -> [String] {
        let rows = try await connection.query(
            NotesSQL.references, [.text("\(table.oid)")]
        ).rows
        var notes: [String] = []
        for row in rows {
            let name = row[0] ?? ""
            let referring = row[1] ?? ""
            let action: String? =
                switch row[2] {
                case "c": "deletes the rows of \(referring) that refer to it (ON DELETE CASCADE)"
                case "n": "empties columns of \(referring) (ON DELETE SET NULL)"
                case "d": "resets columns of \(referring) (ON DELETE SET DEFAULT)"
                default: nil
                }
            notes.append(
                action.map { "every row deleted also \($0), by \(name)" }
                    ?? "a row that \(referring) still refers to cannot be deleted and is set "
                    + "aside, by \(name)")
            if row[3] != "t" {
                notes.append(
                    "every row deleted scans all of \(referring), whose foreign key \(name) has no "
                        + "index: CREATE INDEX CONCURRENTLY on its columns first")
            }
        }
        return notes
    }
}
