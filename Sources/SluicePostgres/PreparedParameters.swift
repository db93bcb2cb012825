internal import CLibpq

/// A statement in the form that libpq takes, checked.
struct PreparedParameters {
    let sql: String
    private let form: Statement.Form
    private let values: CStringArena
    private let types: [Oid]
    private let formats: [Int32]

    /// The protocol counts parameters in 16 bits.
    private static let parametersMax = 65_535

    init(_ statement: Statement) throws(PostgresError) {
        try Self.check(statement.sql)
        switch statement.form {
        case .direct: break
        case .prepare(let name), .prepared(let name): try Self.check(name)
        }
        guard statement.parameters.count <= Self.parametersMax else {
            throw PostgresError(
                kind: .usage,
                message: "the statement has \(statement.parameters.count) parameters;"
                    + " at most \(Self.parametersMax) can be sent, so pass an array instead")
        }
        let byteCount = statement.parameters.reduce(0) { sum, parameter in
            switch parameter {
            case .null: sum
            case .text(let text): sum + text.utf8.count + 1
            case .binary(let bytes, _): sum + bytes.count
            }
        }
        var values = CStringArena(
            byteCount: byteCount, entryCount: statement.parameters.count)
        var types: [Oid] = []
        var formats: [Int32] = []
        for (index, parameter) in statement.parameters.enumerated() {
            switch parameter {
            case .null:
                values.appendNull()
                types.append(0)
                formats.append(0)
            case .text(let text):
                guard !text.holdsNUL else {
                    throw PostgresError(
                        kind: .usage,
                        message: "parameter $\(index + 1) holds a NUL byte, which no"
                            + " PostgreSQL text can; send it as binary bytea")
                }
                values.append(text)
                types.append(0)
                formats.append(0)
            case .binary(let bytes, let typeOID):
                values.append(bytes)
                types.append(typeOID)
                formats.append(1)
            }
        }
        sql = statement.sql
        form = statement.form
        self.values = values
        self.types = types
        self.formats = formats
    }

    /// Refuses SQL of which libpq would send only the beginning.
    static func check(_ sql: String) throws(PostgresError) {
        guard !sql.holdsNUL else {
            throw PostgresError(
                kind: .usage, message: "the statement holds a NUL byte; remove it")
        }
    }

    /// Queues the statement in libpq's buffer.
    ///
    /// False: libpq refused it.
    func queue(on connection: OpaquePointer) -> Bool {
        values.withPointers { pointers in
            let count = Int32(clamping: pointers.count)
            switch form {
            case .direct:
                return PQsendQueryParams(
                    connection, sql, count, types, pointers, values.lengths, formats, 0)
            case .prepare(let name):
                return PQsendPrepare(connection, name, sql, 0, nil)
            case .prepared(let name):
                return PQsendQueryPrepared(
                    connection, name, count, pointers, values.lengths, formats, 0)
            }
        } == 1
    }
}
