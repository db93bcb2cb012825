/// The strongest lock that a step takes.
public struct Lock: Sendable, Codable, Equatable {
    /// What it is and on what, in words.
    public var text: String
    /// Whether others wait for it: then it may be held for a moment only.
    public var isBrief: Bool

    /// Nobody reads or writes meanwhile.
    static func exclusive(_ table: String) -> Lock {
        Lock(text: "ACCESS EXCLUSIVE on \(table), a moment", isBrief: true)
    }
    /// Nobody writes meanwhile.
    static func share(_ table: String) -> Lock {
        Lock(text: "SHARE on \(table), a moment", isBrief: true)
    }
    /// The same, and no other change of the schema.
    static func shareRowExclusive(_ tables: String...) -> Lock {
        let names = tables.joined(separator: " and ")
        return Lock(text: "SHARE ROW EXCLUSIVE on \(names), a moment", isBrief: true)
    }
    /// Other changes of the schema wait.
    static func shareUpdateExclusive(_ table: String) -> Lock {
        Lock(
            text: "SHARE UPDATE EXCLUSIVE on \(table): reads and writes go on", isBrief: false)
    }
    /// Whatever statements of one's own take.
    static let unknown = Lock(text: "whatever they take", isBrief: false)
}
