import Sluice
import SluiceCore
import SluiceTestSupport
import Testing

/// What a kind of job does to the rows of ``KeyTable``, and how often it has been done to a row.
struct ConformanceKind: Sendable {
    let job: JobRequest
    /// What a batch does on which table, by which it can be caught at work.
    let event: String
    let table: String
    /// How often a row of `was`, the table as it was at the start, has been done, or -1 for what
    /// must never be; by the row `t` that is there, the row `g` that somebody deleted meanwhile,
    /// and `u`, the number of `copies` in the target.
    let times: String

    /// A change that shows in the row how often it was done.
    private static let shown = "coalesce(t.n, g.n, -1)"

    static let update = ConformanceKind(
        job: increment, event: "UPDATE", table: "t", times: shown)

    /// Every kind but an update.
    static let others = [
        ConformanceKind(
            job: JobRequest(kind: .delete, table: "t", predicate: "true"), event: "DELETE",
            table: "t",
            times: "CASE WHEN t.no IS NULL AND g.no IS NULL THEN 1 ELSE 0 END"),
        ConformanceKind(
            job: JobRequest(kind: .copy, table: "t", target: "u"), event: "INSERT", table: "u",
            times: "CASE WHEN coalesce(t.n, g.n) = 0 THEN coalesce(u.copies, 0) ELSE -1 END"),
        ConformanceKind(
            job: JobRequest(kind: .move, table: "t", predicate: "true", target: "u"),
            event: "DELETE", table: "t",
            times: """
                CASE WHEN coalesce(t.no, g.no) IS NULL THEN coalesce(u.copies, -1)
                WHEN u.copies IS NULL THEN 0 ELSE -1 END
                """),
        ConformanceKind(
            job: JobRequest(
                kind: .statement, table: "t", statement: "UPDATE t SET n = n + 1 WHERE :range"),
            event: "UPDATE", table: "t", times: shown),
    ]
}
