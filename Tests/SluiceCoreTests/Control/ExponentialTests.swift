import Foundation
import SluiceCore
import Testing

@Suite struct ExponentialTests {
    @Test func theSeriesAgreeWithThePlatform() {
        for step in -400...400 {
            let x = Double(step) / 7.3
            let exact = Foundation.exp(x)
            #expect(abs(Exponential.exp(x) - exact) <= 1e-12 * exact, "e^\(x)")
            #expect(abs(Exponential.log(exact) - x) <= 1e-12 * max(1, abs(x)), "ln e^\(x)")
        }
        for x in [1e-300, 1e-12, 0.5, 1, 1.5, 2, 3, 1e12, 1e300] {
            let exact = Foundation.log(x)
            #expect(abs(Exponential.log(x) - exact) <= 1e-12 * max(1, abs(exact)), "ln \(x)")
        }
        #expect(abs(Exponential.power(2, 0.5) - 2.0.squareRoot()) < 1e-12)
    }

    @Test func theEdgesAreTheirLimits() {
        #expect(Exponential.exp(1e4) == .infinity)
        #expect(Exponential.exp(-1e4) == 0)
        #expect(Exponential.exp(0) == 1)
        #expect(Exponential.log(0) == -.infinity)
        #expect(Exponential.log(-1).isNaN)
        #expect(Exponential.log(.infinity) == .infinity)
    }
}
