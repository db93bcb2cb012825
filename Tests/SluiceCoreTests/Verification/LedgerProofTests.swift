import SluiceCore
import Testing

/// Whether ranges prove that each key was walked over once.
struct LedgerProofTests {
    private func link(
        _ lower: Int?, _ upper: Int, part: Int = 1, isDone: Bool = true
    ) -> LedgerProof.Link {
        LedgerProof.Link(
            part: part, lower: lower.map { ["\($0)"] }, upper: ["\(upper)"], isDone: isDone)
    }

    @Test func aChainInAnyOrderIsAProof() {
        #expect(LedgerProof.problem([]) == nil)
        #expect(LedgerProof.problem([link(nil, 5)]) == nil)
        #expect(LedgerProof.problem([link(7, 9), link(nil, 5), link(5, 7)]) == nil)
        let two = [link(nil, 5), link(5, 9), link(nil, 5, part: 2)]
        #expect(LedgerProof.problem(two) == nil)
        // Moved to a fresh row before its first batch.
        #expect(LedgerProof.problem([link(nil, 5), link(5, 5), link(5, 9)]) == nil)
    }

    @Test func whateverIsMissingOrTwiceIsSaid() {
        let broken: [[LedgerProof.Link]] = [
            [link(nil, 5), link(5, 9, isDone: false)], [link(nil, 5), link(6, 9)],
            [link(nil, 5), link(nil, 9)], [link(5, 9)],
            [link(nil, 5), link(5, 9), link(5, 7)], [link(nil, 5), link(5, 7), link(8, 9)],
            [link(nil, 5), link(nil, 5, part: 2), link(6, 9, part: 2)],
        ]
        for links in broken { #expect(LedgerProof.problem(links) != nil, "\(links)") }
    }

    @Test func aStatementThatTakesItsBoundsHasNoRangeOpenBelow() {
        let chain = [link(7, 9), link(3, 7)]
        #expect(LedgerProof.problem(chain) != nil)
        #expect(LedgerProof.problem(chain, isBounded: true) == nil)
        #expect(LedgerProof.problem([link(nil, 3), link(3, 7)], isBounded: true) == nil)
        for broken in [[link(3, 7), link(8, 9)], [link(nil, 3), link(4, 7)]] {
            #expect(LedgerProof.problem(broken, isBounded: true) != nil)
        }
    }

    @Test(arguments: 0..<100)
    func aRandomChainIsAProofUntilOneLinkIsChanged(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let bounds = (1...Int.random(in: 2...40, using: &generator)).map { $0 * 10 }
        var links = zip([nil] + bounds.map { $0 }, bounds).map { link($0, $1) }
        links.shuffle(using: &generator)
        #expect(LedgerProof.problem(links) == nil, "\(seed)")
        let index = Int.random(in: links.indices, using: &generator)
        var damaged = links
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: damaged[index].lower = damaged[index].lower.map { _ in ["3"] } ?? ["3"]
        case 1: damaged[index].isDone = false
        default:
            if damaged.count > 1, damaged[index].upper != ["\(bounds.last ?? 0)"] {
                damaged.remove(at: index)
            } else {
                damaged[index].lower = ["4"]
            }
        }
        #expect(LedgerProof.problem(damaged) != nil, "\(seed)")
    }
}
