import Sluice

/// What the doctor found, for people.
enum DoctorText {
    /// A line for the finding and, if something is to be done, one for the cure.
    static func lines(_ finding: DoctorFinding, _ hasColour: Bool) -> String {
        let mark = mark(finding.level)
        let subject = Printable.clean(finding.subject)
        var text =
            mark.style.paint(mark.text, hasColour) + " " + subject + ": "
            + Printable.clean(finding.finding) + "\n"
        if let cure = finding.cure { text += "    → " + Printable.clean(cure) + "\n" }
        return text
    }

    private static func mark(_ level: DoctorFinding.Level) -> (text: String, style: Style) {
        switch level {
        case .ok: ("✓", .green)
        case .warning: ("!", .yellow)
        case .problem: ("✗", .red)
        }
    }
}
