import Testing

@testable import SluiceBench

@Suite struct DecimalsTests {
    @Test(arguments: [
        (0, 0, "0"), (1.05, 1, "1.1"), (-1.26, 1, "-1.3"), (-0.04, 1, "0.0"), (12.3, 0, "12"),
        (0.007, 2, "0.01"), (3, 2, "3.00"), (.infinity, 1, "–"),
    ])
    func numbersHaveTheirDigits(_ value: Double, _ digits: Int, _ text: String) {
        #expect(Decimals.text(value, digits: digits) == text)
    }
}
