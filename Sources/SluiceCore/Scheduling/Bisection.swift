/// The search for a key that cannot be changed, by the cursor and without savepoints.
///
/// A batch of n keys failed, so one of the n keys after the cursor is to blame. Half of them are
/// tried: if they commit, it is among the others, and if they fail, among them. At one key the
/// search is over, after at most `log2(n) + 1` transactions; what was tried and committed is done.
struct Bisection: Sendable, Equatable {
    /// Keys after the cursor among which it is.
    private(set) var suspectKeys: Int
    /// The key that failed alone, with its error, once it is known.
    private(set) var found: PoisonKey?

    /// Begins after a batch of so many keys failed.
    init(failedKeys: Int) {
        suspectKeys = max(1, failedKeys)
    }

    /// Keys to try next.
    var tryKeys: Int { max(1, suspectKeys / 2) }

    /// Whether the next try is of one key.
    var isProbing: Bool { found == nil && tryKeys == 1 }

    /// A try of so many keys failed.
    mutating func failed(keys: Int) {
        suspectKeys = max(1, min(suspectKeys, keys))
    }

    /// So many keys committed; `nil` when none is left to suspect.
    func committed(keys: Int) -> Bisection? {
        var rest = self
        rest.suspectKeys -= keys
        return rest.suspectKeys > 0 ? rest : nil
    }

    /// One key failed alone.
    mutating func found(_ key: PoisonKey) {
        found = key
        suspectKeys = 1
    }

    /// The key is not the next one any more: whatever is now must be tried.
    mutating func lose() {
        found = nil
        suspectKeys = 1
    }
}

/// A key whose row cannot be changed.
public struct PoisonKey: Sendable, Equatable {
    /// Its columns in the server's text form.
    public let columns: [String]
    /// What the server said when it was tried alone.
    public let failure: Failure

    /// Describes a key that failed alone.
    public init(columns: [String], failure: Failure) {
        self.columns = columns
        self.failure = failure
    }
}

/// What came of setting a key aside.
public enum QuarantineOutcome: Sendable, Equatable {
    /// It is in the quarantine, and the cursor is past it.
    case setAside(finishedRange: Bool)
    /// Another key is the next one by now.
    case moved
    /// The quarantine holds as many keys as it may.
    case full
    /// Somebody else has the range.
    case fenceLost
}
