/// Keys of one lane that lie together in a region.
public struct LaneSlice: Sendable, Equatable {
    /// The lane, from 0.
    public let lane: Int
    /// Where in the region they lie, from 0: slices of one step share their pages.
    public let step: Int
    /// How many there are.
    public let keys: Int
    /// Whether its pages are visited once more behind all lanes, for what those left.
    public let isLastVisit: Bool

    /// Describes a slice.
    public init(lane: Int, step: Int, keys: Int, isLastVisit: Bool = false) {
        self.lane = lane
        self.step = step
        self.keys = keys
        self.isLastVisit = isLastVisit
    }
}

/// What a worker found in a region: its keys by lane and step, as they are to be visited.
public struct LaneSurvey: Sendable, Equatable {
    /// In the order of the visits.
    public let slices: [LaneSlice]
    /// The transaction that looked, as the server counts transactions.
    public let transaction: UInt64
    /// The oldest transaction that somebody may still need the past of.
    public let horizon: UInt64
    /// Whether the lanes that were left are one, which waits for nothing.
    public let isMerged: Bool

    /// Describes what was found.
    public init(
        slices: [LaneSlice], transaction: UInt64, horizon: UInt64, isMerged: Bool = false
    ) {
        self.isMerged = isMerged
        self.slices = slices
        self.transaction = transaction
        self.horizon = horizon
    }
}

/// What a worker asks of a survey.
public struct LaneRequest: Sendable, Equatable {
    /// The lanes of a region that is begun; of one that is under way (``of(lanes:)``) only their
    /// number is right.
    public let shape: LaneShape
    /// Keys of a slice.
    public let sliceKeys: Int
    /// Slices of each lane.
    public let steps: Int
    /// Whether the lanes that are left become one, in an order that no page is visited twice in.
    public let mergesRest: Bool

    /// How many lanes those are.
    public var lanes: Int { shape.count }
    /// Keys of a region that is begun.
    public var regionKeys: Int { sliceKeys * lanes * steps }
    /// The same for the last ones of a range.
    public var regionKeysMin: Int { regionKeys / LaneRule.regionsShrink }

    /// Slices of each lane of a region of so many keys: fewer where it is so small that batches
    /// would cost more than their rows.
    public func steps(keys: Int) -> Int {
        let worth = max(1, min(LaneRule.sliceKeysWorth, sliceKeys))
        let whole = keys / max(1, lanes) / worth
        return max(min(steps, LaneRule.stepsMin), min(steps, whole))
    }

    /// The same for a region that was begun with its own number of lanes.
    public func of(lanes: Int?) -> LaneRequest {
        LaneRequest(
            shape: lanes.map { LaneShape(uniform: $0) } ?? shape, steps: steps,
            sliceKeys: sliceKeys, mergesRest: mergesRest)
    }

    /// Describes a request.
    public init(shape: LaneShape, steps: Int, sliceKeys: Int, mergesRest: Bool = false) {
        self.shape = shape
        self.steps = steps
        self.sliceKeys = sliceKeys
        self.mergesRest = mergesRest
    }
}

/// Keys that one transaction changes in a lane.
public struct LaneBatch: Sendable, Equatable {
    /// Which of the survey's slices.
    public let slice: Int
    /// The first of its keys, from 0.
    public let first: Int
    /// How many of its keys.
    public let keys: Int
    /// Whether the region is done with them.
    public let endsRegion: Bool

    /// Describes a batch.
    public init(slice: Int, first: Int, keys: Int, endsRegion: Bool) {
        self.slice = slice
        self.first = first
        self.keys = keys
        self.endsRegion = endsRegion
    }
}

/// What the server said of a lane's batch beside its counts.
public struct LaneMark: Sendable, Equatable {
    /// The batch's transaction.
    public let transaction: UInt64
    /// The oldest transaction that somebody may still need the past of.
    public let horizon: UInt64
    /// Rows whose new version stayed in their page and off the indexes.
    public let hotRows: Int

    /// Describes a batch.
    public init(transaction: UInt64, horizon: UInt64, hotRows: Int) {
        self.transaction = transaction
        self.horizon = horizon
        self.hotRows = hotRows
    }
}
