import SluicePostgres

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A session that sends statements without the sync that ends them and then falls silent, as a
/// client does whose network goes away in the middle of a batch.
package final class HalfSentPipe: Sendable {
    private let socket: Int32

    /// Connects over the server's unix socket, without a password.
    package init(dsn: String, application: String) throws {
        let parameters = try ConnectionParameters(dsn: dsn)
        let path = "\(parameters["host"] ?? "")/.s.PGSQL.\(parameters["port"] ?? "")"
        #if canImport(Glibc)
            socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            socket = Self.unixSocket()
        #endif
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, size) }
        }
        guard connected == 0 else { throw ConditionNotMet(description: "no socket at \(path)") }
        let words = [
            "user", parameters["user"] ?? "", "database", parameters["dbname"] ?? "",
            "application_name", application,
        ]
        let body = Self.number(196_608) + words.flatMap { Self.text($0) } + [0]
        try write(Self.number(body.count + 4) + body)
        try readUntilReady()
    }

    #if !canImport(Glibc)
        private static func unixSocket() -> Int32 {
            #if canImport(Musl)
                Musl.socket(AF_UNIX, Int32(SOCK_STREAM), 0)
            #else
                Darwin.socket(AF_UNIX, SOCK_STREAM, 0)
            #endif
        }
    #endif

    deinit { close(socket) }

    /// Sends statements, each parsed, bound and executed, and no sync.
    package func begin(_ statements: [String]) throws {
        for statement in statements {
            try message("P", Self.text("") + Self.text(statement) + [0, 0])
            try message("B", Self.text("") + Self.text("") + [0, 0, 0, 0, 0, 0])
            try message("E", Self.text("") + Self.number(0))
        }
        try message("H", [])
    }

    /// Reads messages to the first ReadyForQuery.
    private func readUntilReady() throws {
        while true {
            let head = try read(5)
            let length = head[1...].reduce(0) { $0 << 8 | Int($1) }
            _ = try read(length - 4)
            if head[0] == UInt8(ascii: "Z") { return }
            guard head[0] != UInt8(ascii: "E") else {
                throw ConditionNotMet(description: "the server refused the session")
            }
        }
    }

    private func message(_ kind: Unicode.Scalar, _ body: [UInt8]) throws {
        try write([UInt8(ascii: kind)] + Self.number(body.count + 4) + body)
    }

    private func write(_ bytes: [UInt8]) throws {
        guard send(socket, bytes, bytes.count, 0) == bytes.count else {
            throw ConditionNotMet(description: "the server does not listen")
        }
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var part = [UInt8](repeating: 0, count: count - bytes.count)
            let received = recv(socket, &part, part.count, 0)
            guard received > 0 else {
                throw ConditionNotMet(description: "the server does not answer")
            }
            bytes += part.prefix(received)
        }
        return bytes
    }

    private static func text(_ value: String) -> [UInt8] { Array(value.utf8) + [0] }

    private static func number(_ value: Int) -> [UInt8] {
        withUnsafeBytes(of: Int32(value).bigEndian) { Array($0) }
    }
}
