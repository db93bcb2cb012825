import Foundation

/// How busy the machine is, for judging how noisy a run was.
enum LoadAverage {
    static var oneMinute: Double {
        var averages = [Double](repeating: 0, count: 3)
        return getloadavg(&averages, 3) > 0 ? averages[0] : .nan
    }
}
