/// A five-character SQLSTATE as the server reports it.
///
/// The names follow PostgreSQL's `errcodes.txt` (appendix A of its manual).
public struct SQLState: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    /// The five characters.
    public let rawValue: String

    /// Wraps any five characters; nothing is checked.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Makes `"40P01"` a state.
    public init(stringLiteral value: String) {
        rawValue = value
    }

    /// The first two characters: the class of the error, such as `"23"` for constraints.
    public var classCode: String { String(rawValue.prefix(2)) }

    /// The five characters.
    public var description: String { rawValue }
}

/// Class 08, 25, 26, 28, 3D, 57: the session.
extension SQLState {
    /// 08006: the connection failed.
    public static let connectionFailure: SQLState = "08006"
    /// 25001: a transaction is open where none may be.
    public static let activeTransaction: SQLState = "25001"
    /// 25006: a write in a read-only transaction, as on a demoted primary.
    public static let readOnlyTransaction: SQLState = "25006"
    /// 25P01: there is no transaction to end.
    public static let noActiveTransaction: SQLState = "25P01"
    /// 25P02: the transaction has failed and takes only ROLLBACK.
    public static let inFailedTransaction: SQLState = "25P02"
    /// 25P03: the session stayed idle in a transaction for too long.
    public static let idleInTransactionTimeout: SQLState = "25P03"
    /// 25P04: the transaction took longer than `transaction_timeout`.
    public static let transactionTimeout: SQLState = "25P04"
    /// 26000: the session keeps no statement of that name.
    public static let invalidStatementName: SQLState = "26000"
    /// 28000: this role may not connect this way.
    public static let invalidAuthorization: SQLState = "28000"
    /// 28P01: wrong password.
    public static let invalidPassword: SQLState = "28P01"
    /// 3D000: the database does not exist.
    public static let undefinedDatabase: SQLState = "3D000"
    /// 57014: the statement was cancelled, by a request or by `statement_timeout`.
    public static let queryCanceled: SQLState = "57014"
    /// 57P01: an administrator ended the session or the server shuts down.
    public static let adminShutdown: SQLState = "57P01"
    /// 57P02: another process of the server crashed.
    public static let crashShutdown: SQLState = "57P02"
    /// 57P03: the server is starting up or shutting down.
    public static let cannotConnectNow: SQLState = "57P03"
    /// 57P04: the database was dropped.
    public static let databaseDropped: SQLState = "57P04"
    /// 57P05: the session was idle for longer than `idle_session_timeout`.
    public static let idleSessionTimeout: SQLState = "57P05"
}

/// Class 40, 53, 55: contention and resources.
extension SQLState {
    /// 40001: serialization failure.
    public static let serializationFailure: SQLState = "40001"
    /// 40P01: a deadlock was resolved against this transaction.
    public static let deadlockDetected: SQLState = "40P01"
    /// 53100: no space left.
    public static let diskFull: SQLState = "53100"
    /// 53200: out of memory.
    public static let outOfMemory: SQLState = "53200"
    /// 53300: no connection slot left.
    public static let tooManyConnections: SQLState = "53300"
    /// 54000: a limit of the program was exceeded, such as an index row too large.
    public static let programLimitExceeded: SQLState = "54000"
    /// 55006: the object is in use.
    public static let objectInUse: SQLState = "55006"
    /// 55P03: a lock was not had within `lock_timeout` or NOWAIT.
    public static let lockNotAvailable: SQLState = "55P03"
}

/// Class 21, 22, 23, P0: what a row can be guilty of.
extension SQLState {
    /// 21000: a subquery gave more than one row.
    public static let cardinalityViolation: SQLState = "21000"
    /// 22012: division by zero.
    public static let divisionByZero: SQLState = "22012"
    /// 22P02: text that its type does not read.
    public static let invalidTextRepresentation: SQLState = "22P02"
    /// 23502: NULL in a NOT NULL column.
    public static let notNullViolation: SQLState = "23502"
    /// 23503: a foreign key finds no row.
    public static let foreignKeyViolation: SQLState = "23503"
    /// 23505: a duplicate of a unique key.
    public static let uniqueViolation: SQLState = "23505"
    /// 23514: a check constraint failed.
    public static let checkViolation: SQLState = "23514"
    /// P0001: RAISE EXCEPTION in PL/pgSQL.
    public static let raiseException: SQLState = "P0001"
}

/// Class 42: the statement.
extension SQLState {
    /// 42501: the role lacks a privilege.
    public static let insufficientPrivilege: SQLState = "42501"
    /// 42601: syntax error.
    public static let syntaxError: SQLState = "42601"
    /// 42703: the column does not exist.
    public static let undefinedColumn: SQLState = "42703"
    /// 42704: the object does not exist.
    public static let undefinedObject: SQLState = "42704"
    /// 42883: the function does not exist.
    public static let undefinedFunction: SQLState = "42883"
    /// 42P01: the table does not exist.
    public static let undefinedTable: SQLState = "42P01"
    /// 42P07: the table exists already.
    public static let duplicateTable: SQLState = "42P07"
    /// 3F000: the schema does not exist.
    public static let undefinedSchema: SQLState = "3F000"
    /// 0A000: the server does not support this.
    public static let featureNotSupported: SQLState = "0A000"
}
