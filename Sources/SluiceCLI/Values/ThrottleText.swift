import Foundation
import Sluice
import SluiceCore

/// Reads the limits that are off by default, on the command line or in a job file.
enum ThrottleText {
    /// The keys of a job file.
    static let words = [
        "batch_time", "max_rate", "max_wal", "max_pg_wal", "foreground_budget", "foreground_probe",
        "window",
        "throttle_query", "throttle_file", "throttle_url",
    ]

    /// Reads the value of one of ``words``; `option` is what messages call it.
    static func read(
        _ text: String, word: String, for option: String, into changes: inout LimitChanges
    ) throws(UsageError) {
        let isOff = text.lowercased() == "off"
        switch word {
        case "batch_time":
            changes.batchSecondsMax = isOff ? .some(nil) : try time(text, for: option)
        case "max_rate": changes.maxRowsPerSecond = isOff ? .some(nil) : try rate(text, for: option)
        case "max_wal":
            changes.maxWalBytesPerSecond = isOff ? .some(nil) : try bytes(text, for: option)
        case "max_pg_wal":
            changes.maxPgWalBytes = isOff ? .some(nil) : try folder(text, for: option)
        case "foreground_budget":
            changes.foregroundBudget = isOff ? .some(nil) : try budget(text, for: option)
        case "foreground_probe":
            changes.foregroundProbe = isOff ? .some(nil) : try sql(text, for: option)
        case "window":
            changes.window = isOff ? .some(nil) : try WindowText.window(text, for: option)
        case "throttle_query":
            changes.throttleQuery = isOff ? .some(nil) : try sql(text, for: option)
        case "throttle_file":
            changes.throttleFile = isOff ? .some(nil) : try file(text, for: option)
        default: changes.throttleURL = isOff ? .some(nil) : try url(text, for: option)
        }
    }

    /// How long a batch may last: `100ms`.
    static func time(_ text: String, for option: String) throws(UsageError) -> Double {
        let seconds: Double
        do throws(UsageError) {
            seconds = try DurationText.seconds(text, for: option)
        } catch {
            throw UsageError("\(error), or off")
        }
        return try sound(seconds) { $0.batchSecondsMax = .some($1) }
    }

    /// Rows in a second: `20000`, `20k`, `1.5M`, `20000 rows/s`.
    static func rate(_ text: String, for option: String) throws(UsageError) -> Double {
        let units = [("", 1.0), ("k", 1e3), ("m", 1e6)]
        let bare = without(["rows/s", "row/s", "rows", "/s"], text)
        let number = bare.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "_") }
        let suffix = bare.dropFirst(number.count).lowercased()
        guard let unit = units.first(where: { $0.0 == suffix }),
            let value = Double(number.filter { $0 != "_" })
        else {
            throw UsageError(
                "\(option) takes rows in a second such as 20000, 20k or 20000 rows/s, or off, not "
                    + quote(text))
        }
        return try sound(value * unit.1) { $0.maxRowsPerSecond = .some($1) }
    }

    /// Bytes in a second: `40MB/s`, `40MB`.
    static func bytes(_ text: String, for option: String) throws(UsageError) -> Double {
        do throws(UsageError) {
            let bytes = try SizeText.bytes(without(["/s"], text), for: option)
            return try sound(Double(bytes)) { $0.maxWalBytesPerSecond = .some($1) }
        } catch {
            guard error.description.contains("takes a size") else { throw error }
            throw UsageError(
                "\(option) takes bytes in a second such as 40MB/s, or off, not \(quote(text))")
        }
    }

    /// The size of a folder: `20GB`.
    static func folder(_ text: String, for option: String) throws(UsageError) -> Int {
        do throws(UsageError) {
            let bytes = try SizeText.bytes(trimmed(text), for: option)
            return try sound(bytes) { $0.maxPgWalBytes = .some($1) }
        } catch {
            guard error.description.contains("takes a size") else { throw error }
            throw UsageError("\(error), or off")
        }
    }

    /// Seconds above zero: `10ms`; or times what statements take without the run: `1.5x`.
    static func budget(_ text: String, for option: String) throws(UsageError) -> LatencyBudget {
        let budget: LatencyBudget
        let bare = trimmed(text)
        if bare.lowercased().hasSuffix("x"), let times = Double(trimmed(String(bare.dropLast()))) {
            budget = .multiple(times)
        } else {
            do throws(UsageError) {
                budget = .seconds(try DurationText.seconds(text, for: option))
            } catch {
                throw UsageError("\(error), or 1.5x, or off")
            }
        }
        return try sound(budget) { $0.foregroundBudget = .some($1) }
    }

    /// The budget as it is given.
    static func text(_ budget: LatencyBudget) -> String {
        switch budget {
        case .seconds(let seconds): return DurationText.text(seconds)
        case .multiple(let times):
            return (times == times.rounded() ? "\(Int(times))" : "\(times)") + "x"
        }
    }

    /// SQL as it stands, without a semicolon at its end; the server judges it later.
    static func sql(_ text: String, for option: String) throws(UsageError) -> String {
        var sql = trimmed(text)
        while sql.hasSuffix(";") { sql = trimmed(String(sql.dropLast())) }
        guard !sql.isEmpty else {
            throw UsageError("\(option) is empty: give a SELECT, or off")
        }
        return sql
    }

    /// A path; one that is not absolute would be another file for each process of the run.
    static func file(_ text: String, for option: String) throws(UsageError) -> String {
        guard text.hasPrefix("/"), !text.contains("\0") else {
            throw UsageError(
                "\(option) takes an absolute path such as /var/run/sluice.stop, or off, not "
                    + "\(quote(text)): a run can be carried on from any folder")
        }
        return text
    }

    /// An address of HTTP; it is kept in the ledger, so a password has no place in it.
    static func url(_ text: String, for option: String) throws(UsageError) -> String {
        let parts = URLComponents(string: trimmed(text))
        let scheme = parts?.scheme?.lowercased() ?? ""
        guard let parts, ["http", "https"].contains(scheme), parts.host?.isEmpty == false else {
            // Not shown: it may hold a password that could not be told from the rest.
            let hint = NearestWord.to(scheme, among: ["http", "https"])
            throw UsageError(
                "\(option) takes an address such as http://host:8080/ready, or off"
                    + (scheme.isEmpty
                        ? "" : ", not one of \(quote(scheme))")
                    + (hint.map { "; did you mean \($0)?" } ?? ""))
        }
        guard parts.user == nil, parts.password == nil else {
            throw UsageError(
                "\(option) may not hold a user name or password, since it is kept in the ledger: "
                    + "let the service answer without, or use --throttle-file")
        }
        return trimmed(text)
    }

    /// The text without white space at its ends, and without the first of these endings it has.
    private static func without(_ endings: [String], _ text: String) -> String {
        let text = trimmed(text)
        for ending in endings where text.lowercased().hasSuffix(ending) {
            return trimmed(String(text.dropLast(ending.count)))
        }
        return text
    }

    private static func trimmed(_ text: String) -> String {
        text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func sound<Value>(
        _ value: Value, set: (inout LimitChanges, Value) -> Void
    ) throws(UsageError) -> Value {
        var changes = LimitChanges()
        set(&changes, value)
        if let problem = changes.applied(to: Limits()).problem { throw UsageError(problem) }
        return value
    }
}
