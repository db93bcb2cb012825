import SluiceCore

/// What a verification's workers share: slices that are left, and what was found.
actor VerifyQueue {
    /// A piece of one of the run's tables.
    struct Piece: Sendable, Equatable {
        /// The number of the table.
        let part: Int
        let slice: HeapSlice
    }

    /// Counts of one piece.
    struct Counts: Sendable, Equatable {
        var compared = 0
        var missed = 0
        var writtenSince = 0
        var repaired = 0
        var wrong: Int { missed + writtenSince }
    }

    /// Left to read, the next one last.
    private var pieces: [Piece]
    private let blocksTotal: Int
    private var blocksRead = 0
    private var counts = Counts()
    /// Rows for which the job's expression, or their repair, fails.
    private(set) var failed = 0
    private var rows: [WrongRow] = []

    init(pieces: [Piece]) {
        self.pieces = pieces.reversed()
        blocksTotal = pieces.map(\.slice.blockCount).reduce(0, +)
    }

    /// The next piece, cut to so many blocks.
    func take(blocks: Int) -> Piece? {
        guard let piece = pieces.popLast() else { return nil }
        let (first, rest) = piece.slice.split(afterBlocks: max(1, blocks))
        if let rest { pieces.append(Piece(part: piece.part, slice: rest)) }
        return Piece(part: piece.part, slice: first)
    }

    /// Takes a piece back, in halves where it can be halved and that was asked for.
    func giveBack(_ piece: Piece, halved: Bool) {
        guard halved, let (first, second) = piece.slice.halves else {
            return pieces.append(piece)
        }
        pieces.append(Piece(part: piece.part, slice: second))
        pieces.append(Piece(part: piece.part, slice: first))
    }

    /// Adds what a piece held.
    func note(_ piece: Piece, _ found: Counts, _ wrong: [WrongRow]) {
        blocksRead += piece.slice.lower.item == 0 ? piece.slice.blockCount : 0
        counts.compared += found.compared
        counts.missed += found.missed
        counts.writtenSince += found.writtenSince
        counts.repaired += found.repaired
        failed += wrong.filter { $0.why == .failed }.count
        rows += wrong.prefix(max(0, VerifyReport.rowsListedMax - rows.count))
    }

    /// Rows that can still be listed.
    var rowsWanted: Int { max(0, VerifyReport.rowsListedMax - rows.count) }

    var isEmpty: Bool { pieces.isEmpty }

    func progress(waitingFor: String?) -> VerifyProgress {
        VerifyProgress(
            blocksRead: min(blocksRead, blocksTotal), blocksTotal: blocksTotal,
            rowsWrong: counts.wrong + failed, waitingFor: waitingFor)
    }

    /// By table, then by key as far as texts go: shorter first, which orders whole numbers.
    private static func order(_ row: WrongRow) -> (String, Int, String) {
        let key = row.key.joined(separator: "\0")
        return (row.table, key.utf8.count, key)
    }

    /// Puts what was found into a report.
    func fill(_ report: inout VerifyReport) {
        report.rowsCompared = counts.compared
        report.rowsMissed = counts.missed
        report.rowsWrittenSince = counts.writtenSince
        report.rowsRepaired = counts.repaired
        report.rowsFailed = failed
        report.rows = rows.sorted { Self.order($0) < Self.order($1) }
    }
}
