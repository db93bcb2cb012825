internal import CLibpq

extension Session {
    /// Found dead after 60 s (30 + 3 × 10) without a packet and 30 s with unanswered ones:
    /// soon enough for a lease, late enough for a failing-over switch.
    private static let keepaliveDefaults = [
        "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3",
        "tcp_user_timeout": "30000",
    ]

    /// Connects.
    ///
    /// Name lookup cannot be interrupted; everything after it can.
    static func connect(
        _ parameters: ConnectionParameters, thread: ConnectionThread, interrupt: Interrupt,
        deadline: Deadline
    ) throws(PostgresError) -> Session {
        guard !parameters.sorted.contains(where: { $0.keyword.holdsNUL || $0.value.holdsNUL })
        else {
            throw PostgresError(
                kind: .usage, message: "a connection setting holds a NUL byte; remove it")
        }
        guard let connection = start(completed(parameters)) else {
            throw PostgresError(kind: .connectFailed, message: "out of memory")
        }
        let session = Session(
            connection: connection, thread: thread, interrupt: interrupt, deadline: deadline)
        // For its SQLSTATE, which libpq gives for results only.
        PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        try session.finishConnecting()
        PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        guard PQsetnonblocking(connection, 1) == 0 else { throw session.connectFailure() }
        session.isEstablished = true
        return session
    }

    /// The parameters with this module's defaults, where nobody said otherwise: neither the
    /// caller nor a service file.
    static func completed(_ parameters: ConnectionParameters) -> ConnectionParameters {
        let resolved = resolvedSettings(of: parameters)
        var complete = parameters.setting("client_encoding", to: "UTF8")
        for (keyword, value) in keepaliveDefaults where resolved[keyword] == nil {
            complete = complete.setting(keyword, to: value)
        }
        return complete
    }

    private func finishConnecting() throws(PostgresError) {
        guard PQstatus(connection) != CONNECTION_BAD else { throw connectFailure() }
        var next = PGRES_POLLING_WRITING
        while next != PGRES_POLLING_OK {
            guard next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING else {
                throw connectFailure()
            }
            let reads = next == PGRES_POLLING_READING
            do throws(PostgresError) {
                _ = try wait(read: reads, write: !reads)
            } catch {
                guard error.kind == .cancelled else { throw connectFailure(waiting: error) }
                throw error
            }
            next = PQconnectPoll(connection)
        }
    }

    private static func start(_ parameters: ConnectionParameters) -> OpaquePointer? {
        let settings = parameters.sorted
        var keywords = CStringArena(
            byteCount: settings.reduce(0) { $0 + $1.keyword.utf8.count + 1 },
            entryCount: settings.count + 1)
        var values = CStringArena(
            byteCount: settings.reduce(0) { $0 + $1.value.utf8.count + 1 },
            entryCount: settings.count + 1)
        for (keyword, value) in settings {
            keywords.append(keyword)
            values.append(value)
        }
        keywords.appendNull()
        values.appendNull()
        defer { values.zero() }
        return keywords.withPointers { keywords in
            values.withPointers { values in PQconnectStartParams(keywords, values, 0) }
        }
    }

    /// What libpq makes of the parameters, the environment and the service file together.
    ///
    /// libpq tells only for a connection that was begun; this one can never leave the
    /// machine, because two addresses for one host are refused before anything is opened.
    private static func resolvedSettings(
        of parameters: ConnectionParameters
    ) -> [String: String] {
        let unreachable = parameters.setting("host", to: "none")
            .setting("hostaddr", to: "127.0.0.1,127.0.0.1")
        guard let connection = start(unreachable) else { return [:] }
        defer { PQfinish(connection) }
        guard let options = PQconninfo(connection) else { return [:] }
        defer { PQconninfoFree(options) }
        return ConnectionParameters.settings(of: options)
    }

    /// libpq's message, with the SQLSTATE taken out of it and no password left in it.
    private func connectFailure(waiting error: PostgresError? = nil) -> PostgresError {
        var diagnostics: Diagnostics?
        var lines: [String] = []
        let text = String(cString: PQerrorMessage(connection))
        for line in text.split(separator: "\n") where !line.hasPrefix("LOCATION:  ") {
            guard let match = line.firstMatch(of: #/:  ([0-9A-Z]{5}):\s/#) else {
                lines.append(String(line))
                continue
            }
            let message = line[match.range.upperBound...]
            var found = Diagnostics()
            found.severity = "FATAL"
            found.sqlState = SQLState(rawValue: String(match.1))
            found.message = String(message)
            diagnostics = found
            lines.append(line[..<match.range.lowerBound] + ": " + message)
        }
        if let error {
            let host = PQhost(connection).map { String(cString: $0) } ?? ""
            let port = PQport(connection).map { String(cString: $0) } ?? ""
            lines.append("server at \"\(host)\", port \(port): \(error.message)")
        }
        if lines.isEmpty { lines.append("libpq gave no reason") }
        return PostgresError(
            kind: .connectFailed,
            message: "cannot connect: "
                + withoutPassword(lines.joined(separator: "; ").onOneLine),
            diagnostics: diagnostics)
    }

    private func withoutPassword(_ text: String) -> String {
        let password = PQpass(connection).map { String(cString: $0) } ?? ""
        // Shorter ones would make a riddle of the message, and hide nothing.
        guard password.utf8.count >= 4 else { return text }
        return text.split(separator: password, omittingEmptySubsequences: false)
            .joined(separator: "***")
    }
}
