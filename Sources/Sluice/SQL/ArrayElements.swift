/// Goes through the elements of an array's text form without making a value of each.
///
/// For arrays of a hundred thousand keys, which are told into shorter ones: what the server wrote
/// is copied as it stands, quotes and all.
struct ArrayElements: Sendable {
    private let bytes: [UInt8]
    private var next = 1

    /// An array of one dimension, as the server writes it.
    init(_ literal: String) {
        bytes = Array(literal.utf8)
    }

    /// How many numbers an array has.
    static func count(_ numbers: String) -> Int {
        guard numbers.utf8.count > 2 else { return 0 }
        var commas = 0
        for byte in numbers.utf8 where byte == UInt8(ascii: ",") { commas += 1 }
        return commas + 1
    }

    /// The element's bytes as they stand, and moves on; `nil` at the end.
    private mutating func element() -> Range<Int>? {
        guard next < bytes.count, bytes[next] != UInt8(ascii: "}") else { return nil }
        let begin = next
        if bytes[next] == UInt8(ascii: "\"") {
            next += 1
            while next < bytes.count, bytes[next] != UInt8(ascii: "\"") {
                next += bytes[next] == UInt8(ascii: "\\") ? 2 : 1
            }
            next += 1
        } else {
            while next < bytes.count, bytes[next] != UInt8(ascii: ","),
                bytes[next] != UInt8(ascii: "}")
            {
                next += 1
            }
        }
        let end = min(next, bytes.count)
        if next < bytes.count, bytes[next] == UInt8(ascii: ",") { next += 1 }
        return begin..<end
    }

    /// Passes an element.
    mutating func skip() {
        _ = element()
    }

    /// Adds an element to an array that is being written, which begins with its brace.
    mutating func copy(into array: inout [UInt8]) {
        guard let element = element() else { return }
        if array.count > 1 { array.append(UInt8(ascii: ",")) }
        array.append(contentsOf: bytes[element])
    }

    /// The element as a whole number; `nil` at the end, and where it is none.
    mutating func nextNumber() -> Int? {
        guard let element = element() else { return nil }
        var number = 0
        var isNegative = false
        for byte in bytes[element] {
            if byte == UInt8(ascii: "-") {
                isNegative = true
            } else {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                number = number * 10 + Int(byte - UInt8(ascii: "0"))
            }
        }
        return isNegative ? -number : number
    }

    /// The element as its type's text; `nil` at the end.
    mutating func nextText() -> String? {
        guard let element = element() else { return nil }
        let literal = [UInt8(ascii: "{")] + bytes[element] + [UInt8(ascii: "}")]
        return TextArray.parse(String(decoding: literal, as: UTF8.self)).first
    }
}
