import SluiceCore
import Testing

/// How long one look at a table may take, and what follows where it fails.
@Suite struct SweepLookTests {
    /// Ten seconds for small tables, minutes for those whose walk along the keys takes hours, and
    /// never longer than a snapshot may be held.
    @Test func largeTablesMayBeLookedAtForLonger() {
        #expect(SweepLook.seconds(pages: 0) == 10)
        #expect(SweepLook.seconds(pages: 128_000) == 10)
        #expect(SweepLook.seconds(pages: 1_280_000) == 100)
        #expect(SweepLook.seconds(pages: 20_000_000) == 300)
        #expect(SweepLook.seconds(pages: .max) == 300)
    }

    @Test func othersRestAFiftiethOfIt() {
        #expect(SweepLook.restSeconds(pages: 0) == 0.2)
        #expect(SweepLook.restSeconds(pages: 640_000) == 1)
        #expect(SweepLook.restSeconds(pages: .max) == 2)
    }

    @Test func itChangesWhatABatchMay() {
        #expect(SweepLook.rowsMost(batchKeys: 500) == 500)
        #expect(SweepLook.rowsMost(batchKeys: 1_000_000) == 10_000)
        #expect(SweepLook.rowsMost(batchKeys: 0) == 1)
    }

    /// What was in the way for a moment is waited for, a few times; what stays there is not.
    @Test(arguments: [
        ("55P03", false, 1, true), ("40P01", false, 2, true), ("57014", true, 1, true),
        ("57014", true, SweepLook.looksMost, false), ("57014", false, 1, false),
        ("22003", false, 1, false), ("53200", false, 1, false),
    ])
    func itIsTriedAgainWhereALockWasInTheWay(
        state: String, isYield: Bool, looks: Int, isTriedAgain: Bool
    ) {
        let failure = Failure(
            origin: .server, sqlState: state, message: "", isYield: isYield)
        #expect(SweepLook.isTriedAgain(after: failure, looks: looks) == isTriedAgain)
        let lost = Failure(
            origin: .connectionLost, sqlState: state, message: "", isYield: isYield)
        #expect(!SweepLook.isTriedAgain(after: lost, looks: looks))
    }
}
