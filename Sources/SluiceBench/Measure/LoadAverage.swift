import Foundation

/// How much waits for a processor on this machine.
enum LoadAverage {
    /// Mean number of processes that run or wait, over the last minute; 0 where nobody knows.
    static var oneMinute: Double {
        var averages = [0.0]
        return getloadavg(&averages, 1) == 1 ? averages[0] : 0
    }
}
