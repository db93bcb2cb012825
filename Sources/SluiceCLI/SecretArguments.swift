#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps passwords that were given on the command line to this process.
enum SecretArguments {
    /// Overwrites them where `ps` and `/proc` show them, and asks for no core file, which would
    /// hold whatever the connections know.
    ///
    /// Call it once the arguments have been copied. On macOS the system keeps a copy of its own
    /// for `ps`, which cannot be reached.
    static func hide() {
        let arguments = CommandLine.unsafeArgv
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = arguments[index] else { continue }
            let bytes = UnsafeMutableBufferPointer(start: argument, count: strlen(argument))
            let text = bytes.map { UInt8(bitPattern: $0) }
            for range in ranges(in: text) {
                for place in range { bytes[place] = CChar(UInt8(ascii: "*")) }
            }
        }
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        #if canImport(Glibc)
            _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        #else
            _ = setrlimit(RLIMIT_CORE, &none)
        #endif
    }

    /// Where passwords stand in an argument: in a URI between the first `:` of its login and the
    /// `@`, and behind `password=` up to a space, an `&`, or the quote that ends it.
    static func ranges(in text: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        if let scheme = find("://", in: text, from: 0) {
            let host = text[scheme...].firstIndex { $0 == UInt8(ascii: "?") } ?? text.endIndex
            let colon = text[scheme..<host].firstIndex(of: UInt8(ascii: ":"))
            let at = text[scheme..<host].lastIndex(of: UInt8(ascii: "@"))
            if let colon, let at, colon < at { ranges.append(colon + 1..<at) }
        }
        var from = 0
        while let start = find("password", in: text, from: from) {
            from = start
            var place = start
            while place < text.endIndex, text[place] == UInt8(ascii: " ") { place += 1 }
            guard place < text.endIndex, text[place] == UInt8(ascii: "=") else { continue }
            place += 1
            while place < text.endIndex, text[place] == UInt8(ascii: " ") { place += 1 }
            let end = valueEnd(in: text, from: place)
            if place < end { ranges.append(place..<end) }
            from = end
        }
        return ranges
    }

    private static func valueEnd(in text: [UInt8], from start: Int) -> Int {
        let isQuoted = start < text.endIndex && text[start] == UInt8(ascii: "'")
        var place = start + (isQuoted ? 1 : 0)
        while place < text.endIndex {
            let byte = text[place]
            if isQuoted {
                if byte == UInt8(ascii: "\\") { place += 1 }
                if byte == UInt8(ascii: "'") { return place + 1 }
            } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "&") {
                return place
            }
            place += 1
        }
        return text.endIndex
    }

    /// The place behind the first occurrence, whatever its case.
    private static func find(_ word: String, in text: [UInt8], from start: Int) -> Int? {
        let word = Array(word.utf8)
        guard start <= text.count - word.count else { return nil }
        for place in start...(text.count - word.count)
        where zip(text[place...], word).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
            return place + word.count
        }
        return nil
    }
}
