import Sluice
import SluiceCore
import SluiceMigration

/// Migrations as text.
enum MigrationText {
    /// Every step of every phase.
    static func plan(_ steps: [Step]) -> String {
        var lines: [String] = []
        var phase: Phase?
        for (index, step) in steps.enumerated() {
            if step.phase != phase {
                phase = step.phase
                lines += ["", title(step.phase)]
            }
            lines.append("  \(index + 1). \(Printable.clean(step.title))")
            lines.append("     lock: \(step.lock?.text ?? "none that anybody waits for")")
            if step.isFinal { lines.append("     no way back behind it") }
            for statement in statements(step.action) { lines.append("     \(oneLine(statement))") }
            lines += forecast(step.action)
            for statement in step.undo {
                lines.append("     rollback: \(oneLine(statement))")
            }
        }
        return lines.dropFirst().joined(separator: "\n") + "\n"
    }

    private static func forecast(_ action: Step.Action) -> [String] {
        guard case .backfill(let backfill) = action, let forecast = backfill.forecast else {
            return []
        }
        let rows = Format.count(forecast.rows, "row")
        let standIn =
            backfill.forecastColumn.map {
                ", as if \(Printable.clean($0)) were set to itself: the new value comes on top"
            } ?? ""
        return ["     forecast for \(rows)\(standIn)"]
            + ForecastText.fields(forecast).map { field in
                "       \(Printable.padded(field.name, to: 8))\(field.text)"
            }
    }

    private static func title(_ phase: Phase) -> String {
        switch phase {
        case .expand: "expand (start)"
        case .dualWrite: "dual-write (start)"
        case .backfill: "backfill (start)"
        case .validate: "validate (start)"
        case .contract: "contract (complete)"
        }
    }

    private static func statements(_ action: Step.Action) -> [String] {
        switch action {
        case .transaction(let statements): statements
        case .outside(let statement, _, _): [statement]
        case .backfill(let backfill) where backfill.statement != nil:
            ["sluice run --table \(backfill.table) --statement '\(backfill.statement ?? "")'"]
        case .backfill(let backfill):
            [
                "sluice run --table \(backfill.table) --set '\(backfill.column) = "
                    + "\(backfill.expression)' --where '\(backfill.column) IS NULL'"
            ]
        case .check(let query, _): [query]
        }
    }

    private static func oneLine(_ statement: String) -> String {
        Printable.clean(
            statement.split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }

    /// All migrations, one a line.
    static func status(_ all: [MigrationStatus]) -> String {
        guard !all.isEmpty else { return "no migrations yet\n" }
        return all.map { status in
            Printable.padded(Printable.clean(status.name), to: 30)
                + Printable.padded(status.state, to: 14)
                + Printable.padded("\(status.stepsDone)/\(status.steps) steps", to: 14)
                + status.begun
        }.joined(separator: "\n") + "\n"
    }

    /// Says how it goes.
    static func say(_ event: MigrationEvent) {
        switch event {
        case .began(let what): Console.error.say(Printable.clean(what))
        case .note(let sentence): Console.error.say("  " + Printable.clean(sentence))
        case .ended: break
        case .progress(let what):
            guard Terminal.output.isCapable else { return }
            Console.error.write("  \(Printable.clean(what))\(Escape.clearLine)\r")
        case .waits(let what, let seconds):
            Console.error.say(
                "  waits for \(Printable.clean(what)); tries again in "
                    + Format.duration(seconds))
        case .backfill(let event): say(event)
        }
    }

    private static func say(_ event: RunEvent) {
        switch event {
        case .note(let sentence): Console.error.say("  " + Printable.clean(sentence))
        case .progress(let status):
            guard Terminal.output.isCapable else { return }
            Console.error.write(
                "  \(Format.count(status.rowsChanged, "row")) filled\(Escape.clearLine)\r")
        default: break
        }
    }
}
