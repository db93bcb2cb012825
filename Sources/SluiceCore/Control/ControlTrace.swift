/// What the law saw and decided, so that a recorded run can be gone through again.
public enum ControlTrace {
    /// One event, in the order in which it happened.
    public enum Event: Sendable, Equatable, Codable {
        /// What the user allows from here on.
        case limits(AdaptiveControl.Limits)
        /// A poll, and what holds after it.
        case poll(AdaptiveControl.Observation, AdaptiveControl.Decision)
        /// A batch was let through.
        case started(nowSeconds: Double, keys: Int, ticket: BatchGate.Ticket)
        /// A batch's end, and what the next one is to be.
        case finished(
            BatchGate.Ticket, BatchSample, othersRunning: Int, batch: BatchSizer.Decision)
    }

    /// Goes through recorded events and returns the number of the first one that the law decides
    /// otherwise now; `nil` when it decides all of them as it did.
    public static func firstDifference(in events: [Event]) -> Int? {
        var law: AdaptiveControl?
        for (number, event) in events.enumerated() {
            switch event {
            case .limits(let limits):
                if law == nil { law = AdaptiveControl(limits: limits) }
                law?.limits = limits
            case .poll(let observation, let decision):
                if law?.poll(observation) != decision { return number }
            case .started(let nowSeconds, let keys, let ticket):
                let answer = law?.start(
                    nowSeconds: nowSeconds, keys: keys, enforcesWorkers: false)
                if answer != .start(ticket) { return number }
            case .finished(let ticket, let sample, let othersRunning, let batch):
                law?.finished(ticket, sample, othersRunning: othersRunning)
                if law?.decision.batch != batch { return number }
            }
        }
        return nil
    }
}
