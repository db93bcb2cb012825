import SluiceCore

/// Reads how much of a table is verified, as it is typed.
enum VerifyScopeText {
    /// `auto`, `off`, `full`, or a share such as `sample 1%`.
    static func scope(_ text: String, for option: String) throws(UsageError) -> VerifyScope {
        switch text.lowercased() {
        case "auto": return .auto
        case "off": return .off
        case "full": return .full
        default: break
        }
        let words = text.split { $0 == " " || $0 == "=" || $0 == ":" }
        guard words.count == 2, words[0].lowercased() == "sample" else {
            let hint = NearestWord.to(text, among: ["auto", "off", "full", "sample"])
                .map { "; did you mean \($0 == "sample" ? "\"sample 1%\"" : $0)?" }
            throw UsageError(
                "\(option) takes auto, off, full or \"sample 1%\", not \(quote(text))"
                    + (hint ?? ""))
        }
        return .sample(try share(String(words[1]), for: option))
    }

    /// A share between 0 (excluded) and 1, written in percent.
    static func share(_ text: String, for option: String) throws(UsageError) -> Double {
        guard text.hasSuffix("%"), let percent = Double(text.dropLast()), percent > 0,
            percent <= 100
        else {
            throw UsageError(
                "\(option) takes a share above 0 % and up to 100 %, such as 1%, not \(quote(text))")
        }
        return percent / 100
    }

    /// Puts the two words of `--verify sample 1%` together, so that it need not be quoted.
    static func joined(_ arguments: [String]) -> [String] {
        var joined: [String] = []
        for argument in arguments {
            if argument.hasSuffix("%"), joined.suffix(2) == ["--verify", "sample"] {
                joined[joined.count - 1] += " " + argument
            } else {
                joined.append(argument)
            }
        }
        return joined
    }
}
