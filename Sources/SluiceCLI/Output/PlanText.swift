import Sluice
import SluiceCore

/// A plan, for people.
enum PlanText {
    /// Ranges that are shown; the rest is counted.
    static let rangesShown = 4

    static func text(_ plan: PlanReport, _ hasColour: Bool) -> String {
        var lines = [
            field("job", plan.job, hasColour), field("kind", plan.kind.rawValue, hasColour),
            field("table", plan.table, hasColour),
        ]
        if let target = plan.target { lines.append(field("into", target, hasColour)) }
        if plan.parts != [plan.table] { lines.append(field("tables", parts(plan), hasColour)) }
        lines += [
            field("key", plan.key.joined(separator: ", "), hasColour),
            field(
                "rows", "about " + Format.count(plan.keysTotalEstimate) + " (estimate)", hasColour),
            field(
                "ranges", Format.count(plan.ranges.count) + ", " + plan.splitMethod, hasColour),
        ]
        for range in plan.ranges.prefix(rangesShown) { lines.append("    " + self.range(range)) }
        if plan.ranges.count > rangesShown {
            lines.append("    … and \(Format.count(plan.ranges.count - rangesShown)) more")
        }
        if let index = plan.drivingIndex {
            lines.append(field("scan", "driven by the partial index " + index, hasColour))
        }
        lines.append(field("order", plan.order, hasColour))
        lines.append(field("lanes", plan.lanes, hasColour))
        lines.append(field("vacuum", plan.vacuum, hasColour))
        for entry in plan.forecast.map(ForecastText.fields) ?? [] {
            lines.append(field(entry.name, entry.text, hasColour))
        }
        lines.append(field("limits", ControlText.limits(plan.limits), hasColour))
        lines += section("statements of one batch", plan.statements, hasColour)
        lines += section("plan of its change", [plan.explanation], hasColour)
        for warning in plan.warnings {
            lines.append(Style.yellow.paint("! ", hasColour) + Printable.clean(warning))
        }
        for refusal in plan.refusals {
            lines.append(Style.red.paint("✗ ", hasColour) + Printable.clean(refusal))
        }
        return lines.joined(separator: "\n")
    }

    /// How many tables hold the rows, and the first of them.
    private static func parts(_ plan: PlanReport) -> String {
        let shown = plan.parts.prefix(rangesShown).joined(separator: ", ")
        let more = plan.parts.count > rangesShown ? ", …" : ""
        return "\(Format.count(plan.parts.count)): \(shown)\(more)"
    }

    /// The refusals as one sentence.
    static func refusal(_ plan: PlanReport) -> String {
        Printable.clean(plan.refusals.joined(separator: "; "))
    }

    /// A range as `(10, 20]  about 5,000 keys`.
    static func range(_ range: KeyRange) -> String {
        if range.isPhysical {
            return
                "pages \(range.lower?.first ?? "0") to before \(range.upper.first ?? "0")  about "
                + Format.count(range.keysEstimate, "row")
        }
        let lower = range.lower.map(tuple) ?? "start"
        let keys = "about " + Format.count(range.keysEstimate, "key")
        return "(\(lower), \(tuple(range.upper))]  \(keys)"
    }

    private static func tuple(_ key: KeyTuple) -> String {
        let parts = key.map { Printable.fit(Printable.clean($0), columns: 40) }
        return parts.count == 1 ? parts[0] : "(" + parts.joined(separator: ", ") + ")"
    }

    private static func field(_ name: String, _ value: String, _ hasColour: Bool) -> String {
        Style.dim.paint(Printable.padded(name, to: 7), hasColour) + " " + Printable.clean(value)
    }

    private static func section(
        _ title: String, _ texts: [String], _ hasColour: Bool
    ) -> [String] {
        [Style.dim.paint(title, hasColour)]
            + texts.flatMap { $0.split(whereSeparator: \.isNewline) }
            .map { "    " + Printable.clean(String($0)) }
    }
}
