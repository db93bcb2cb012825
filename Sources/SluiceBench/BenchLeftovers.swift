import SluicePostgres

/// Databases that a benchmark made and could not drop.
public struct BenchLeftovers: Error, Sendable, Equatable, CustomStringConvertible {
    /// Their names.
    public let databases: [String]
    /// What had ended the benchmark before, where that was no signal.
    public var cause: String?

    /// What is left.
    init(databases: [String]) { self.databases = databases }

    /// The same after an error.
    func after(_ error: any Error) -> BenchLeftovers {
        var copy = self
        copy.cause = "\(error)"
        return copy
    }

    /// What to do about it.
    public var description: String {
        let drops = databases.map { "DROP DATABASE \(Identifier($0).quoted) WITH (FORCE)" }
        return (cause.map { "\($0); " } ?? "")
            + "the benchmark's databases could not be dropped and may be left: "
            + drops.joined(separator: "; ")
    }
}
