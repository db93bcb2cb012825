/// Reckons what a run costs from facts; its figures are sums over rows and pages, nothing is
/// simulated.
public struct ForecastModel: Sendable {
    private let facts: ForecastFacts
    /// Rows that are changed.
    private let rows: Double

    /// Takes facts as they are; what is negative or no number counts as nothing.
    public init(_ facts: ForecastFacts) {
        self.facts = facts
        rows = Self.sound(facts.rows) * min(1, Self.sound(facts.share))
    }

    // MARK: Constants

    /// A page's header.
    private static let pageHeaderBytes = 24.0
    /// A row's pointer in its page.
    private static let pointerBytes = 4.0
    /// Most row pointers in a page of 8 kB, of which a row updated in place needs two.
    private static let pointersMost = 291.0
    /// Rows that leave their page beside those of the first lane and those that grow: a run's first
    /// batches are plain.
    ///
    /// Measured: 87 % in place where one row in 16 leaves and rows grow by 6 %.
    private static let plainShare = 0.03
    /// Growth of an index, as a share of its size, when each row gets a second entry in an order
    /// that is not the index's own: versions that are dead by then are removed before a page
    /// splits (PostgreSQL 14 and later).
    ///
    /// Measured with 2 M rows: 0.65, and 1.0 in the index's own order.
    private static let unorderedGrowth = 0.65
    /// A split writes half of its page.
    private static let splitShare = 0.55
    /// Part of a page that is written where images are compressed.
    private static let compressedShare = 0.5
    /// How full a new index's pages become, between 0.5 of random and 0.9 of ascending entries.
    private static let indexFill = 0.75
    /// Microseconds of an update of a copy in a temporary table, over which a real one takes twice
    /// as long: it writes the log, and its pages are not all at hand.
    private static let realPerProbe = 2.0
    /// Two workers and more, against one: the median of what was measured on two cores.
    private static let severalWorkers = 1.6
    /// Seconds until batches and workers have grown.
    private static let startSeconds = 1.0
    /// Microseconds that finding a row for its lane costs, each by itself or in a run of
    /// neighbours: 1.1 less was measured.
    private static let laneMicroseconds = (key: 1.5, run: 0.4)
    /// Where nothing was measured, or on a disk that is slow: so many times what is likely.
    private static let slowest = 3.0
    /// What no count of pages and rows knows of: vacuum, and the application's own writes.
    private static let margin = 1.25

    // MARK: The forecast

    /// The forecast; `nil` for a job whose own statement says what is written.
    public func forecast() -> Forecast? {
        if facts.kind == .statement { return nil }
        let likely = cost(facts.lanes, isWorst: false)
        let worst = cost(nil, isWorst: true)
        let wal = Forecast.Amount(likely: likely.wal, most: worst.wal * Self.margin)
        let heap = Forecast.Amount(likely: likely.heap, most: worst.heap * Self.margin)
        let index = Forecast.Amount(likely: likely.index, most: worst.index * Self.margin)
        let isUpdate = facts.kind == .update
        let isGone = facts.kind == .delete || facts.kind == .move
        let left = isUpdate ? rows * (1 - likely.hotShare) : isGone ? rows : 0
        var probed: Int?
        var (growthBytes, freeBytes): (Double?, Double?)
        var unprobed: String?
        switch facts.basis {
        case .probe(let rows):
            probed = rows
            if isUpdate { growthBytes = newRow - oldRow }
            if isUpdate { freeBytes = Self.sound(facts.freePageBytes) }
        case .statistics(let reason): unprobed = reason
        }
        return Forecast(
            rows: Forecast.whole(rows), walBytes: wal, heapBytes: heap, indexBytes: index,
            seconds: Forecast.Amount(likely: likely.seconds, most: worst.seconds),
            diskBytes: Forecast.whole(
                Double(heap.most) + Double(index.most) + keptLog(Double(wal.most))),
            deadBytes: Forecast.whole(left * Self.sound(facts.rowBytes)),
            hotShare: isUpdate ? likely.hotShare : nil, bound: likely.bound,
            probedRows: probed, rowGrowthBytes: growthBytes, pageFreeBytes: freeBytes,
            unprobed: unprobed)
    }

    private struct Cost {
        var wal = 0.0
        var heap = 0.0
        var index = 0.0
        var seconds = 0.0
        var hotShare = 0.0
        var bound = ""
    }

    private func cost(_ lanes: Int?, isWorst: Bool) -> Cost {
        var cost = Cost()
        guard rows > 0 else { return cost }
        cost.hotShare = facts.kind == .update ? hotShare(lanes) : 0
        let moved = rows * (1 - cost.hotShare)
        let outOfLine = rows * Self.sound(facts.outOfLineBytes)
        if facts.kind != .delete { cost.heap = moved * pageShareBytes + outOfLine }
        cost.index = indexGrowth(moved, isWorst: isWorst)
        let records = recordBytes(moved, lanes: lanes) + outOfLine * Self.outOfLineLog
        let (rate, bound) = serverRate(cost.hotShare, lanes)
        // How many checkpoints there are depends on the log, and the log on them.
        var images = 0.0
        for _ in 0..<6 {
            let log = records + cost.index * Self.splitShare + images
            cost.wal = log
            (cost.seconds, cost.bound) = seconds(log, rate: rate, bound: bound)
            images = imageBytes(
                moved, checkpoints: checkpoints(log, seconds: cost.seconds))
        }
        cost.wal = records + cost.index * Self.splitShare + images
        (cost.seconds, cost.bound) = seconds(cost.wal, rate: rate, bound: bound)
        if isWorst { cost.seconds *= Self.slowest }
        return cost
    }

    /// A chunk of 1,996 bytes is a row with a header and an index entry.
    private static let outOfLineLog = 1.1

    // MARK: Rows and pages

    private var server: ServerFacts { facts.server }
    private var pageBytes: Double { max(1_024, Self.sound(server.pageBytes)) }
    private var usableBytes: Double { pageBytes - Self.pageHeaderBytes }
    private var newRow: Double { max(24, Self.sound(facts.newRowBytes)) }
    private var oldRow: Double { max(24, Self.sound(facts.rowBytes)) }

    /// What a row that is written anew takes of the pages that it fills.
    private var pageShareBytes: Double {
        pageBytes / max(1, (usableBytes / (newRow + Self.pointerBytes)).rounded(.down))
    }

    private var heapPages: Double { Self.sound(facts.heapBytes) / pageBytes }

    private var rowsPerPage: Double {
        heapPages > 0
            ? max(1, Self.sound(facts.rows) / heapPages)
            : max(1, usableBytes / (oldRow + Self.pointerBytes))
    }

    /// The share of rows that are updated within their page.
    private func hotShare(_ lanes: Int?) -> Double {
        if facts.indexes.contains(where: \.isTouched) { return 0 }
        let changedPerPage = max(1, rowsPerPage * min(1, Self.sound(facts.share)))
        let room =
            (Self.sound(facts.freePageBytes) / (newRow + Self.pointerBytes)).rounded(.down)
        let roomy = min(1, room / changedPerPage)
        guard let lanes, lanes > 0 else { return roomy }
        let growing = max(0, (newRow - oldRow) / newRow)
        let pointers = Self.pointersMost * pageBytes / 8_192 / rowsPerPage - 1
        let leaving = facts.leavingShare ?? 1 / Double(lanes) + growing
        let inLanes = 1 - leaving - Self.plainShare
        return max(roomy, max(0, min(inLanes, pointers)))
    }

    /// How much all indexes grow when so many rows get new entries.
    private func indexGrowth(_ moved: Double, isWorst: Bool) -> Double {
        switch facts.kind {
        case .copy, .move:
            return facts.indexes.reduce(0) { sum, index in
                sum + rows * (Self.sound(index.entryBytes) + Self.pointerBytes) / Self.indexFill
            }
        case .update:
            let all = max(1, Self.sound(facts.rows))
            return facts.indexes.reduce(0) { sum, index in
                let share = min(1, (index.isTouched ? rows : moved) / all)
                let factor = index.isOrdered || isWorst ? 1 : Self.unorderedGrowth
                // A tenth of each page is free at first: a few entries find room.
                return sum + Self.sound(index.bytes) * factor * share * (0.3 + 0.7 * share)
            }
        case .delete, .statement: return 0
        }
    }

    // MARK: The log

    private func recordBytes(_ moved: Double, lanes: Int?) -> Double {
        let records = LogRecords(isLogical: server.isLogical)
        let entries = facts.indexes.reduce(0) {
            $0 + records.entry(bytes: Self.sound($1.entryBytes))
        }
        switch facts.kind {
        case .update:
            // What is not the same at both ends: the values themselves, and the row's growth.
            let changed = 8 + abs(newRow - oldRow)
            let stayed = (rows - moved) * records.update(rowBytes: newRow, changedBytes: changed)
            let pages = rows / max(1, rowsPerPage * min(1, Self.sound(facts.share)))
            let visits = lanes.map { Double($0) * pages * records.prune(rows: 0) + 4 * rows } ?? 0
            return stayed + moved * (records.move(rowBytes: newRow) + entries) + visits
        case .delete: return rows * records.delete
        case .copy: return rows * (records.insert(rowBytes: newRow) + entries)
        case .move:
            return rows * (records.insert(rowBytes: newRow) + entries + records.delete)
        case .statement: return 0
        }
    }

    /// Page images: each page that is touched, once after each checkpoint.
    private func imageBytes(_ moved: Double, checkpoints: Double) -> Double {
        guard server.fullPageWrites else { return 0 }
        // New pages of a heap are begun, not changed: they have no image.
        var pages = 0.0
        if facts.kind != .copy {
            pages += touched(
                heapPages, by: rows, times: facts.isOrdered ? 1 : checkpoints + 1)
        }
        if facts.kind != .delete {
            for index in facts.indexes {
                let entries = facts.kind == .update && !index.isTouched ? moved : rows
                pages += touched(
                    Self.sound(index.bytes) / pageBytes, by: entries,
                    times: index.isOrdered ? 1 : checkpoints + 1)
            }
        }
        return pages * pageBytes * (server.compressesImages ? Self.compressedShare : 1)
    }

    /// Pages that are met after each of so many checkpoints, in all.
    private func touched(_ pages: Double, by entries: Double, times: Double) -> Double {
        guard pages > 0, entries > 0 else { return 0 }
        let filled = pages * times
        // What so many random entries meet of so many pages.
        return filled * (1 - Exponential.exp(-entries / filled))
    }

    private func checkpoints(_ log: Double, seconds: Double) -> Double {
        let distance = max(
            pageBytes, Self.sound(server.maxWalBytes) / (1 + Self.sound(server.completionTarget)))
        let byTime = seconds / max(30, Self.sound(server.checkpointSeconds))
        return min(1e9, max(log / distance, byTime))
    }

    /// What of the log lies on the disk at one time.
    private func keptLog(_ log: Double) -> Double {
        var kept = Self.sound(server.maxWalBytes) + Self.sound(server.keptBytes)
        if server.hasSlots { kept = max(kept, server.slotBytes.map(Self.sound) ?? log) }
        return min(log, kept)
    }

    // MARK: Time

    /// Rows that the server changes in a second, as far as that is known.
    private func serverRate(_ hotShare: Double, _ lanes: Int?) -> (Double, String) {
        let known = facts.probeMicroseconds.map { Self.sound($0) * Self.realPerProbe }
        let others = Double(max(0, facts.indexes.count - 1))
        let stay = LaneChoice.moveMicroseconds
        let moveAll = stay + LaneChoice.moveMicroseconds + LaneChoice.indexMicroseconds * others
        var row = max(0.5, known ?? moveAll)
        if facts.kind == .update, let lanes {
            let visits =
                LaneChoice.visitMicroseconds(namesRuns: facts.namesRuns) * Double(lanes)
                / rowsPerPage
            let finding =
                facts.namesRuns ? Self.laneMicroseconds.run : Self.laneMicroseconds.key
            let inLanes =
                stay + finding + visits + (moveAll - stay) * (1 - hotShare)
            row *= inLanes / moveAll
        }
        let gain = facts.workers > 1 ? Self.severalWorkers : 1
        return (1e6 / row * gain, "the server's speed")
    }

    private func seconds(_ log: Double, rate: Double, bound: String) -> (Double, String) {
        var (rate, bound) = (rate, bound)
        if let most = facts.maxRowsPerSecond, most > 0, most < rate {
            (rate, bound) = (most, "--max-rate")
        }
        if let most = facts.maxWalBytesPerSecond, most > 0, log > 0, most / (log / rows) < rate {
            (rate, bound) = (most / (log / rows), "--max-wal")
        }
        let open = min(1, max(1.0 / 1_440, Self.sound(facts.openShare)))
        let work = Self.startSeconds + rows / rate
        // A run that fits into one opening does not wait for the next.
        let openSeconds = open * 86_400
        guard open < 1, work > openSeconds else { return (work, bound) }
        return (work / open, bound + " within --window")
    }

    private static func sound(_ value: Double) -> Double { value > 0 && value < 1e300 ? value : 0 }
}
