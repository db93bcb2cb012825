/// The look at a whole table behind its pages: how long it may take, and what it does itself.
public enum SweepLook {
    /// Shortest bound on it, in seconds.
    ///
    /// For so long it holds the horizon, about as a batch may that has grown too large.
    public static let secondsMin = 10.0
    /// Longest bound, in seconds.
    ///
    /// The walk along the keys that it saves fetches each row from a page by itself, and of a table
    /// that it takes so long to look at, nearly each from the disk: hours. A snapshot of minutes is
    /// what an index built concurrently on the same table holds twice.
    static let secondsMax = 300.0
    /// Pages that are looked at in a second at least: 100 MB, of a slow disk.
    static let pagesPerSecond = 12_800.0

    /// How long it may take, in seconds, for a table of so many pages.
    public static func seconds(pages: Int) -> Double {
        min(secondsMax, max(secondsMin, Double(pages) / pagesPerSecond))
    }

    /// How long a worker rests that gave a range back since another one looks, in seconds.
    ///
    /// A fiftieth of the longest look, so that it hardly waits in vain, and a look of minutes does
    /// not meet claims all the time. A look at a small table takes a tenth.
    public static func restSeconds(pages: Int) -> Double {
        min(2, max(0.2, seconds(pages: pages) / 50))
    }

    /// Rows at the most that a look changes itself where it finds them left, for batches of so many
    /// keys: as many as one of them may, for they are locked until its end; of larger ones so many
    /// as are changed in a tenth of a second or two.
    public static func rowsMost(batchKeys: Int) -> Int { min(10_000, max(1, batchKeys)) }

    /// How many looks at a table come to nothing in a process, since they make way for somebody or
    /// lose their session, before its keys are walked along, which makes way more cheaply.
    public static let looksMost = 3

    /// Whether a look that failed, one of so many, is tried again: somebody's lock was in the way,
    /// or it was in somebody's.
    public static func isTriedAgain(after failure: Failure, looks: Int) -> Bool {
        guard looks < looksMost, failure.origin == .server else { return false }
        return failure.isYield || ["40P01", "55P03"].contains(failure.sqlState)
    }
}
