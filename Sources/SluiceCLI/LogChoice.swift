import Logging

/// Where the library's log goes: nowhere, unless `SLUICE_LOG` names a level; then to standard
/// error, because standard output belongs to the view and to `--progress json`.
enum LogChoice {
    static let variable = "SLUICE_LOG"

    /// Settles it for the process; called once, before anything logs.
    static func settle(environment: [String: String]) {
        let level = level(environment[variable])
        LoggingSystem.bootstrap { label in
            guard let level else { return SwiftLogNoOpLogHandler() }
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
    }

    /// The level that a word asks for; `nil` asks for silence.
    static func level(_ word: String?) -> Logger.Level? {
        word.flatMap { Logger.Level(rawValue: $0.lowercased()) }
    }
}
