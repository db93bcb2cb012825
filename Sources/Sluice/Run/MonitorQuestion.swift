import SluicePostgres

/// What the monitor asks of the server again and again.
enum MonitorQuestion: Hashable {
    case replicas, horizon, blockers, run, status, tables, target, zombies, vacuum

    /// Catalog and ledger answer at once; one that does not is as good as gone.
    private static let timeout: Duration = .seconds(10)

    /// Asks several in one exchange and one transaction, and returns the rows of each.
    static func ask(
        _ questions: [MonitorQuestion], _ eyes: MonitorEyes, _ connection: PostgresConnection
    ) async throws(PostgresError) -> [MonitorQuestion: [[String?]]] {
        let answers = try await connection.queryKept(
            questions.map { $0.statement(eyes) }, timeout: timeout)
        return Dictionary(uniqueKeysWithValues: zip(questions, answers.map(\.rows)))
    }

    private func statement(_ eyes: MonitorEyes) -> Statement {
        let context = eyes.monitor.context
        let job = context.job
        switch self {
        case .replicas: return Statement(ObserverSQL.replicas)
        case .horizon: return Statement(HorizonSQL.look)
        case .blockers:
            return Statement(ObserverSQL.blockers, [.text(context.applicationName)])
        case .run: return Statement(ObserverSQL.run, [.text("\(context.run)")])
        case .zombies: return Statement(RangeSQL.endZombies, [.text("\(context.run)")])
        case .vacuum: return eyes.monitor.vacuumer.question
        case .status: return eyes.monitor.status.question
        case .tables:
            let parts = job.parts.filter { !eyes.goneParts.contains($0.number) }
            return Statement(
                PartSQL.present,
                [
                    .text(TextArray.literal(parts.map { "\($0.number)" })),
                    .text(TextArray.literal(job.identity.batchColumns)),
                    .text(TextArray.literal(parts.map(\.name.quoted))),
                    .text(TextArray.literal(parts.map { "\($0.oid)" })),
                ])
        case .target:
            return Statement(
                ObserverSQL.table,
                [
                    .text(job.target?.name.quoted ?? ""),
                    .text(TextArray.literal(job.target?.columns ?? [])),
                ])
        }
    }
}
