/// A table and what is to be done to it.
public struct Scenario: Sendable {
    /// What it is called on the command line.
    public let name: String
    /// What it is, in a few words.
    public let title: String
    /// The key's columns, each with what its value is made of for the row `i` of `$rows`.
    let key: [(column: FillJob.KeyColumn, value: String)]
    /// How many indexes the table has beside the key's.
    let indexes: Int
    /// Bytes of text in each row.
    let padBytes: Int
    /// Whether that is stored out of line.
    let isToasted: Bool
    /// Which rows are to be filled, where that is not all of them, and how many in a thousand.
    let predicate: String?
    /// Of how many rows one is to be filled.
    let oneIn: Int
    /// What goes on beside, and what is to be kept to.
    public let conditions: Conditions

    init(
        _ name: String, _ title: String,
        key: [(column: FillJob.KeyColumn, value: String)] = [Scenario.integerKey], indexes: Int = 3,
        padBytes: Int = 20, isToasted: Bool = false, oneIn: Int = 1,
        beside conditions: Conditions = .none
    ) {
        self.name = name
        self.title = title
        self.key = key
        self.indexes = indexes
        self.padBytes = padBytes
        self.isToasted = isToasted
        self.oneIn = oneIn
        self.conditions = conditions
        predicate = oneIn == 1 ? nil : "due"
    }

    static let integerKey = (FillJob.KeyColumn(name: "id", type: "bigint"), "i")

    /// What strategies are told.
    public var job: FillJob {
        FillJob(
            table: "products", key: key.map(\.column), column: "cents",
            expression: "price * 100", predicate: predicate)
    }

    /// Rows that are to be filled, of so many.
    public func rowsDue(of rows: Int) -> Int { rows / oneIn }
}
