import SluiceCore
import Testing

@Suite struct FailureClassTests {
    @Test(arguments: [
        ("40P01", FailureClass.retry), ("40001", .retry), ("55P03", .retry),
        ("57P01", .reconnect), ("57P02", .reconnect), ("57P03", .reconnect), ("25006", .reconnect),
        ("08006", .reconnect), ("53100", .resources), ("53200", .resources), ("53300", .resources),
        ("57P04", .stop), ("22003", .poison), ("23514", .poison), ("42703", .stop),
        ("42P01", .stop),
        ("XX000", .stop), ("P0001", .poison), ("P0002", .stop), ("54000", .poison),
        ("54001", .stop),
        ("21000", .poison), ("38001", .poison), ("39004", .poison),
    ])
    func theStateDecidesWhatToDo(state: String, expected: FailureClass) {
        let failure = Failure(origin: .server, sqlState: state, message: "")
        #expect(FailureClass.of(failure, statementTimeoutMilliseconds: 20_000) == expected)
    }

    @Test(arguments: [
        (20_000, FailureClass.shrink), (18_000, .shrink), (17_999, .administrator),
        (3, .administrator),
    ])
    func onlyARealTimeoutShrinksTheBatch(elapsed: Int, expected: FailureClass) {
        let failure = Failure(
            origin: .server, sqlState: "57014", message: "", elapsedMilliseconds: elapsed)
        #expect(FailureClass.of(failure, statementTimeoutMilliseconds: 20_000) == expected)
    }

    @Test func aBatchThatMadeWayIsNobodysCancel() {
        let failure = Failure(
            origin: .server, sqlState: "57014", message: "", elapsedMilliseconds: 1_200,
            isYield: true)
        #expect(FailureClass.of(failure, statementTimeoutMilliseconds: 20_000) == .yield)
    }

    @Test func aLimitThatIsOutOfReachIsNoTimeout() {
        let failure = Failure(
            origin: .server, sqlState: "57014", message: "", elapsedMilliseconds: 20_000)
        #expect(FailureClass.of(failure, statementTimeoutMilliseconds: .max) == .administrator)
    }

    @Test func aLostConnectionIsReconnectedWhateverTheState() {
        let failure = Failure(origin: .connectionLost, sqlState: "XX000", message: "")
        #expect(FailureClass.of(failure, statementTimeoutMilliseconds: 1) == .reconnect)
    }

    @Test func wrongCredentialsAreNotTriedAgain() {
        let failure = Failure(origin: .connect, sqlState: "28P01", message: "")
        #expect(FailureClass.of(failure, statementTimeoutMilliseconds: 1) == .stop)
    }

    @Test func backoffDoublesUpToItsCeilingAndNeverIsNothing() {
        var last = 0.0
        for attempt in 1...30 {
            let wait = Backoff.seconds(.retry, attempt: attempt, jitter: 0.999)
            #expect(wait >= last && wait <= 5)
            #expect(Backoff.seconds(.retry, attempt: attempt, jitter: 0) >= wait * 0.49)
            last = wait
        }
        #expect(last > 4.9)
        #expect(Backoff.seconds(.retry, attempt: .max, jitter: 0) > 0)
        #expect(Backoff.seconds(.reconnect, attempt: .min, jitter: 0) > 0)
    }
}
