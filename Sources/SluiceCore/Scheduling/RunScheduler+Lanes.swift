/// How workers fill regions in lanes.
extension RunScheduler {
    /// Whether anything is filled in lanes.
    public var hasLanes: Bool { !lanes.isEmpty }

    /// The parts whose regions are filled in lanes, as long as that gains something.
    public var partsInLanes: Set<Int> { lanes.parts }

    /// Whether lanes wait for nothing but that it is known how old the horizon is.
    public var needsHorizon: Bool { hasLanes && !lanes.isHorizonKnown }

    /// Takes in the oldest transaction that somebody may still need the past of, and the number of
    /// the next one.
    public mutating func horizonSeen(_ horizon: UInt64, next: UInt64, nowSeconds: Double) {
        lanes.observe(horizon: horizon, next: next, nowSeconds: nowSeconds)
    }

    /// Whether the worker's next batch may go into the pipe behind those that are in it.
    func isLaneOpen(_ worker: WorkerState) -> Bool {
        guard let range = worker.range else { return false }
        guard let region = worker.region else {
            return !wantsRegion(range, worker) && !awaitsRegion(range, worker)
        }
        return region.isReady(horizon: lanes.horizon)
    }

    /// Whether the worker is to look what a region holds before it changes anything.
    private func wantsRegion(_ range: HeldRange, _ worker: WorkerState) -> Bool {
        if range.hasRegion { return true }
        return mayBeginRegion(worker)
            && lanes.shape(part: range.part, isPhysical: range.isPhysical) != nil
    }

    private func mayBeginRegion(_ worker: WorkerState) -> Bool {
        worker.bisection == nil && !worker.isRegionRefused
            && worker.batchesOfRow < Self.batchesPerLedgerRow
    }

    /// Whether the worker is to wait a moment before it begins a region.
    private func awaitsRegion(_ range: HeldRange, _ worker: WorkerState) -> Bool {
        !range.hasRegion && !worker.hasAwaitedRegion && mayBeginRegion(worker)
            && lanes.awaitsHorizon(part: range.part, isPhysical: range.isPhysical)
    }

    /// Leaves a batch of pages that cannot be changed to the sweep.
    func skipAction(_ range: HeldRange, _ worker: inout WorkerState) -> WorkerAction? {
        guard let keys = worker.skippedKeys else { return nil }
        worker.skippedKeys = nil
        if let batch = worker.region?.next(keys: keys) {
            worker.region?.send(batch)
            worker.sentKeys.append(batch.keys)
            return .skipLane(range, batch)
        }
        worker.sentKeys.append(keys)
        return .sendPages(range, keys: keys, skips: true)
    }

    /// What a worker does in lanes; `nil` where its range goes by plain batches.
    mutating func laneAction(
        _ id: Int, _ range: HeldRange, _ worker: inout WorkerState, nowSeconds: Double
    ) -> WorkerAction? {
        guard let region = worker.region else {
            if awaitsRegion(range, worker) {
                let since = worker.regionAwaitedSinceSeconds ?? nowSeconds
                worker.regionAwaitedSinceSeconds = since
                // Others may keep it as old as that for ever.
                worker.hasAwaitedRegion = nowSeconds - since >= LaneRule.patienceSeconds
                if !worker.hasAwaitedRegion { return .wait(seconds: Self.sliceSeconds) }
            }
            guard wantsRegion(range, worker) else { return nil }
            // Nothing is in flight, so this is what the ledger has.
            var range = range
            range.hasCursor = worker.cursorCommitted
            worker.isSurveying = true
            return .survey(range, laneRequest(range, mergesRest: false))
        }
        if let key = worker.bisection?.found, let batch = region.next(keys: 1) {
            return .quarantineLane(range, key, batch)
        }
        if worker.bisection?.isProbing == true, let batch = region.next(keys: 1) {
            worker.inFlight = 1
            worker.region?.send(batch)
            return .probeLane(range, batch)
        }
        if !region.isReady(horizon: lanes.horizon) {
            worker.region?.wait(nowSeconds: nowSeconds)
            let waited = nowSeconds - (worker.region?.waitingSinceSeconds ?? nowSeconds)
            // A last visit that prunes nothing is still one for what no lane met.
            let patience =
                region.isVisitNext ? LaneRule.visitPatienceSeconds : LaneRule.patienceSeconds
            guard waited >= patience else {
                return .lookAtHorizon(afterSeconds: LaneRule.lookSeconds)
            }
            if !region.isVisitNext {
                var range = range
                range.hasCursor = worker.cursorCommitted
                return .survey(range, laneRequest(range, mergesRest: true))
            }
        }
        return admitted(id, &worker, nowSeconds: nowSeconds)
    }

    private func laneRequest(_ range: HeldRange, mergesRest: Bool) -> LaneRequest {
        LaneRule.request(
            // One that is under way has its own number.
            shape: lanes.shape(part: range.part, isPhysical: range.isPhysical)
                ?? LaneShape(uniform: 1),
            batchKeys: limits.sizesBatches ? nil : limits.batchKeys,
            isPhysical: range.isPhysical, mergesRest: mergesRest)
    }

    /// Takes in what a region holds.
    mutating func surveyed(_ survey: LaneSurvey?, _ worker: inout WorkerState) {
        worker.isSurveying = false
        worker.surveysFailed = 0
        guard let survey else { return worker.forgetRange() }
        lanes.saw(horizon: survey.horizon)
        worker.regionRows = 0
        worker.regionHotRows = 0
        if survey.slices.isEmpty {
            // A region that was under way is closed by now, and the cursor is elsewhere.
            if worker.range?.hasRegion == true { worker.mustReattach = true }
            worker.region = nil
            worker.isRegionRefused = true
        } else {
            worker.region = LaneRegion(survey)
            worker.regionAwaitedSinceSeconds = nil
            worker.hasAwaitedRegion = false
            worker.range?.hasRegion = true
        }
    }

    /// How often a survey may take longer than a statement may before the rest of its range goes by
    /// plain batches: a moment's trouble is no reason, and it is asked no less the next time.
    static let surveysFailedMost = 2

    /// Takes in that a survey took too long, or that its session was lost, as it is where its
    /// transaction takes too long as a whole (PostgreSQL 17).
    ///
    /// One that is asked for what a region under way still holds is asked for it all the same.
    func surveyFailed(_ worker: inout WorkerState) {
        worker.surveysFailed += 1
        guard let range = worker.range, !range.hasRegion,
            worker.surveysFailed >= Self.surveysFailedMost
        else { return }
        worker.surveysFailed = 0
        worker.rangeWithoutRegions = range.number
        worker.isRegionRefused = true
    }

    /// Takes in that a batch is committed, which may have been a lane's.
    mutating func committedLane(_ counts: BatchCounts, _ worker: inout WorkerState) {
        // That a last visit finds nothing to change says nothing of what is ahead.
        if let range = worker.range, worker.region?.isVisitInFlight != true {
            lanes.changed(part: range.part, keys: counts.keysScanned, rows: counts.rowsChanged)
        }
        guard worker.region != nil else { return }
        worker.region?.commit(counts.lane)
        worker.regionRows += counts.rowsChanged
        if let mark = counts.lane {
            lanes.saw(horizon: mark.horizon)
            worker.regionHotRows += mark.hotRows
        }
        endRegion(&worker)
    }

    /// Takes in that a key of a lane was set aside.
    mutating func skippedLaneKey(_ worker: inout WorkerState) {
        guard worker.region != nil else { return }
        worker.region?.skipKey()
        endRegion(&worker)
    }

    private mutating func endRegion(_ worker: inout WorkerState) {
        guard let region = worker.region, region.isDone, let range = worker.range else { return }
        worker.region = nil
        worker.range?.hasRegion = false
        // What was merged says that somebody holds the horizon, and nothing of the table: whoever
        // has waited for it in a region does not wait again for the next one.
        worker.hasAwaitedRegion = region.isMerged
        guard !region.isMerged else { return }
        lanes.finished(
            part: range.part, rows: worker.regionRows, hotRows: worker.regionHotRows)
    }
}
