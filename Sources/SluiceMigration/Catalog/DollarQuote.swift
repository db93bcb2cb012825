/// Text between dollar signs, in which quotes are nothing special.
enum DollarQuote {
    /// A body between tags that do not occur in it: a name in it may hold anything.
    static func around(_ body: String) -> String {
        var tag = "$sluice$"
        var number = 0
        while body.contains(tag) {
            number += 1
            tag = "$sluice\(number)$"
        }
        return tag + body + tag
    }
}
