/// Where and how a connection breaks while a batch is on its way.
package struct ConnectionCut: Sendable {
    /// How much still gets through.
    package enum Place: Sendable {
        /// So many bytes of the batch, or all but the last one.
        case request(bytes: Int)
        /// Everything before the batch's COMMIT.
        case beforeCommit
        /// The batch and, of the answer to it, so many bytes; the server has ended it by then.
        case answer(bytes: Int)
    }

    /// What follows.
    package enum Kind: Sendable {
        /// Both sides find the connection closed.
        case close
        /// Nothing more gets through until ``CuttingProxy/release()``, then the rest of the batch.
        case silence
    }

    package let place: Place
    package let kind: Kind

    package init(_ place: Place, _ kind: Kind = .close) {
        self.place = place
        self.kind = kind
    }
}

/// What happened at a proxy so far.
package struct CutCounts: Sendable, Equatable {
    /// Batches of which the server never got the end.
    package var withinRequest = 0
    /// Batches of which the server never got the COMMIT, and everything else.
    package var beforeCommit = 0
    /// Batches that the server ended without their client getting to know how.
    package var withinAnswer = 0

    package var total: Int { withinRequest + beforeCommit + withinAnswer }

    mutating func count(_ place: ConnectionCut.Place) {
        switch place {
        case .request: withinRequest += 1
        case .beforeCommit: beforeCommit += 1
        case .answer: withinAnswer += 1
        }
    }
}
