/// How many bytes of log a row of this run costs, told apart from what everybody else writes.
///
/// The log's growth between two polls is taken for `bytes a row × own rows + others' bytes a
/// second × seconds`, fitted by least squares that forget. While the run's rate is steady the two
/// cannot be told apart, and a slight pull towards "all of it is ours" decides: that errs on the
/// side of smaller batches.
public struct LogShare: Sendable, Equatable {
    /// What is kept of the past from poll to poll (no unit): at four polls a second, half of it is
    /// forgotten in five seconds; at ten, in the first, in two.
    static let memory = 0.966
    /// Weight of the pull, as a share of what speaks for the others (no unit): a hundredth is
    /// overruled by one poll in which the run stood still.
    static let pull = 0.01

    private var rowsRows = 0.0
    private var rowsSeconds = 0.0
    private var secondsSeconds = 0.0
    private var rowsBytes = 0.0
    private var secondsBytes = 0.0
    private var lastSeconds: Double?
    private var lastPosition: UInt64 = 0

    /// Knows nothing yet.
    public init() {}

    /// Bytes of log for one row; `nil` before the run has changed any.
    public var bytesPerRow: Double? {
        guard rowsRows > 0 else { return nil }
        let others = secondsSeconds * (1 + Self.pull)
        let determinant = rowsRows * others - rowsSeconds * rowsSeconds
        guard determinant > rowsRows * others * 1e-12 else { return rowsBytes / rowsRows }
        let perRow = (rowsBytes * others - secondsBytes * rowsSeconds) / determinant
        let perSecond = (secondsBytes * rowsRows - rowsBytes * rowsSeconds) / determinant
        // What others write is never less than nothing.
        if perSecond < 0 { return rowsBytes / rowsRows }
        return max(0, perRow)
    }

    /// Takes in where the log ends at a poll, and the rows that the run changed since the last.
    public mutating func observe(position: UInt64, rows: Int, nowSeconds: Double) {
        defer {
            lastSeconds = nowSeconds
            lastPosition = position
        }
        guard let lastSeconds, position >= lastPosition, nowSeconds > lastSeconds else { return }
        let seconds = nowSeconds - lastSeconds
        let bytes = Double(position - lastPosition)
        let rows = Double(rows)
        rowsRows = rowsRows * Self.memory + rows * rows
        rowsSeconds = rowsSeconds * Self.memory + rows * seconds
        secondsSeconds = secondsSeconds * Self.memory + seconds * seconds
        rowsBytes = rowsBytes * Self.memory + rows * bytes
        secondsBytes = secondsBytes * Self.memory + seconds * bytes
    }
}
