/// One message of PostgreSQL's protocol as it stands on the wire.
struct WireMessage: Sendable {
    /// Its type; nil for the one that opens a session, which has none.
    let kind: Unicode.Scalar?
    let bytes: [UInt8]

    /// Whether it holds these characters.
    func holds(_ text: String) -> Bool {
        bytes.contains(Array(text.utf8))
    }
}

/// Cuts what one side of a session sends into messages.
struct WireMessages: Sendable {
    private var bytes: [UInt8] = []
    private var opens: Bool

    /// Begins; `opening` for the client's side, whose first message has no type.
    init(opening: Bool) {
        opens = opening
    }

    /// Takes more bytes in and returns the messages that are complete with them.
    mutating func add(_ more: some Sequence<UInt8>) -> [WireMessage] {
        bytes += more
        var messages: [WireMessage] = []
        while let message = next() { messages.append(message) }
        return messages
    }

    private mutating func next() -> WireMessage? {
        let head = opens ? 0 : 1
        guard bytes.count >= head + 4 else { return nil }
        let length = bytes[head..<head + 4].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= head + length else { return nil }
        let message = WireMessage(
            kind: opens ? nil : Unicode.Scalar(bytes[0]), bytes: Array(bytes[..<(head + length)]))
        bytes.removeFirst(head + length)
        opens = false
        return message
    }
}
