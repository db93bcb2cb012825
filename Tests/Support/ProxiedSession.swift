/// One connection through a ``CuttingProxy``, on a thread of its own.
struct ProxiedSession {
    /// Statements under whose names a session keeps its batches.
    private static let batchNames = ["sluice_first", "sluice_next"]

    let proxy: CuttingProxy
    let client: Int32
    let server: Int32
    private var asked = WireMessages(opening: true)
    private var answered = WireMessages(opening: false)
    /// What the client has sent of a request that is not complete.
    private var request: [WireMessage] = []
    /// Answers that the server still has to end.
    private var owed = 0
    /// How much of the last answer the client may still get; nil for everything.
    private var answerBytesLeft: Int?
    private var cut: ConnectionCut?

    init(proxy: CuttingProxy, client: Int32, server: Int32) {
        self.proxy = proxy
        self.client = client
        self.server = server
    }

    /// Passes on what comes from either side until one of them, or the cut, ends it.
    mutating func run() {
        var goesOn = true
        while goesOn {
            let ready = LoopbackSocket.wait(client, server)
            if ready.second {
                guard let bytes = LoopbackSocket.read(from: server) else { return }
                goesOn = passAnswers(answered.add(bytes))
            }
            if goesOn, ready.first, answerBytesLeft == nil {
                guard let bytes = LoopbackSocket.read(from: client) else { return }
                goesOn = passRequests(asked.add(bytes))
            }
        }
    }

    // MARK: To the server

    private mutating func passRequests(_ messages: [WireMessage]) -> Bool {
        for message in messages {
            request.append(message)
            // A session's opening, a simple query, the end of a pipe, the end of the session.
            guard [nil, "Q", "S", "X"].contains(message.kind) else { continue }
            let whole = request
            request = []
            if message.kind != "X" { owed += 1 }
            let isBatch = whole.contains { message in
                message.kind == "B" && Self.batchNames.contains { message.holds($0) }
            }
            if isBatch, let cut = proxy.takeCut() {
                guard perform(cut, on: whole) else { return false }
                // The rest is not read before the answer to this one is cut.
                if answerBytesLeft != nil { return true }
            } else if !LoopbackSocket.write(Self.bytes(whole), to: server) {
                return false
            }
        }
        return true
    }

    /// Does what the cut says; false when the connection is to end now.
    private mutating func perform(_ cut: ConnectionCut, on whole: [WireMessage]) -> Bool {
        let all = Self.bytes(whole)
        var passed = all.count
        switch cut.place {
        case .request(let bytes): passed = min(max(1, bytes), all.count - 1)
        case .beforeCommit:
            let commit = whole.lastIndex { $0.kind == "P" && $0.holds("COMMIT") } ?? 0
            passed = Self.bytes(whole[..<commit]).count
        case .answer(let bytes):
            answerBytesLeft = bytes
            self.cut = cut
        }
        guard LoopbackSocket.write(Array(all[..<passed]), to: server) else { return false }
        if answerBytesLeft != nil { return true }
        proxy.count(cut)
        guard cut.kind == .silence else { return false }
        proxy.beSilent()
        return LoopbackSocket.write(Array(all[passed...]), to: server)
    }

    // MARK: To the client

    private mutating func passAnswers(_ messages: [WireMessage]) -> Bool {
        for message in messages {
            let isLast = owed <= 1
            var bytes = message.bytes
            if isLast, let left = answerBytesLeft {
                bytes = Array(bytes.prefix(left))
                answerBytesLeft = left - bytes.count
            }
            guard LoopbackSocket.write(bytes, to: client) else { return false }
            guard message.kind == "Z" else { continue }
            owed -= 1
            guard isLast, let cut else { continue }
            proxy.count(cut)
            guard cut.kind == .silence else { return false }
            proxy.beSilent()
            return false
        }
        return true
    }

    private static func bytes(_ messages: some Sequence<WireMessage>) -> [UInt8] {
        messages.flatMap(\.bytes)
    }
}
