/// The exponential and the natural logarithm, which the standard library leaves to the platform.
///
/// Series after a reduction of the argument, exact to about 1e-14: the law needs three digits.
package enum Exponential {
    private static let ln2 = 0.693_147_180_559_945_3
    private static let squareRootOf2 = 1.414_213_562_373_095_1
    /// Terms of the exponential's series: 0.35^14 / 14! is below the last bit.
    private static let exponentialTerms = 14
    /// Terms of the logarithm's series: 0.172^(2·10 + 1) is below the last bit.
    private static let logarithmTerms = 10
    /// Beyond it a Double overflows, or is 0.
    private static let exponentMax = 700.0

    /// e to the power of `x`.
    package static func exp(_ x: Double) -> Double {
        guard !x.isNaN else { return x }
        if x > exponentMax { return .infinity }
        if x < -exponentMax { return 0 }
        let twos = (x / ln2).rounded()
        let rest = x - twos * ln2
        var term = 1.0
        var sum = 1.0
        var index = 1.0
        while index <= Double(exponentialTerms) {
            term *= rest / index
            sum += term
            index += 1
        }
        return Double(sign: .plus, exponent: Int(twos), significand: sum)
    }

    /// The natural logarithm of `x`; −∞ at 0, not a number below.
    package static func log(_ x: Double) -> Double {
        guard x > 0 else { return x == 0 ? -.infinity : .nan }
        guard x.isFinite else { return x }
        var twos = Double(x.exponent)
        var significand = x.significand
        if significand > squareRootOf2 {
            significand /= 2
            twos += 1
        }
        // ln m = 2 artanh((m − 1) / (m + 1))
        let ratio = (significand - 1) / (significand + 1)
        let square = ratio * ratio
        var power = ratio
        var sum = 0.0
        var odd = 1.0
        while odd < Double(2 * logarithmTerms) {
            sum += power / odd
            power *= square
            odd += 2
        }
        return twos * ln2 + 2 * sum
    }

    /// `base` to the power of `exponent`, for a positive base.
    package static func power(_ base: Double, _ exponent: Double) -> Double {
        exp(log(base) * exponent)
    }
}
