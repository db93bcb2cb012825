import ArgumentParser

/// Options that other versions have a feature for: this one takes them only when they ask for
/// `off`, so that a script means the same with each.
struct LaterOptions: ParsableArguments {
    @Option(name: .long, parsing: .unconditional, help: LaterFeature.vacuum.help)
    var vacuum: String?

    /// - Throws: `UsageError` for the first one that asks for more than `off`.
    func check() throws(UsageError) {
        let given: [(LaterFeature, String?)] = [
            (.vacuum, vacuum)
        ]
        for (feature, value) in given {
            if let value { try feature.check(value, spelled: "--" + feature.rawValue) }
        }
    }
}

/// A feature that this version does not have.
enum LaterFeature: String, CaseIterable {
    case vacuum

    /// The word that asks for what this version does anyway.
    var off: String { "off" }

    var help: ArgumentHelp {
        ArgumentHelp("Not part of this version; takes \(off).", valueName: off)
    }

    /// - Throws: `UsageError` unless the value asks for nothing.
    func check(_ value: String, spelled: String) throws(UsageError) {
        guard value.lowercased() == off else {
            throw UsageError("\(spelled) is not part of this version; use \(spelled) \(off)")
        }
    }
}
