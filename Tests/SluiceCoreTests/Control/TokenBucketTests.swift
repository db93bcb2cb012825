import Testing

@testable import SluiceCore

@Suite struct TokenBucketTests {
    @Test func theRateIsKeptWhateverTheBatches() {
        for seed in UInt64(1)...20 {
            var random = SeededGenerator(seed: seed)
            var bucket = TokenBucket()
            bucket.setRate(1000, nowSeconds: 0)
            var paid = 0.0
            var now = 0.0
            while now < 100 {
                now += random.nextUnit() * 0.05
                bucket.refill(nowSeconds: now)
                guard bucket.isOpen else { continue }
                let amount = random.nextUnit() * 500
                bucket.pay(amount)
                paid += amount
            }
            #expect(paid <= 1000 * now + 1000, "seed \(seed)")
            #expect(paid >= 0.95 * 1000 * now, "seed \(seed)")
        }
    }

    @Test func idleTimeIsNotSaved() {
        var bucket = TokenBucket()
        bucket.setRate(1000, nowSeconds: 0)
        bucket.refill(nowSeconds: 3600)
        #expect(bucket.tokens <= 500)
    }

    @Test func aNewRateOwesAtMostASecond() {
        var bucket = TokenBucket()
        bucket.setRate(1e6, nowSeconds: 0)
        bucket.pay(5e6)
        bucket.setRate(100, nowSeconds: 1)
        #expect(bucket.tokens >= -100)
        bucket.refill(nowSeconds: 2.1)
        #expect(bucket.isOpen)
    }

    @Test func noRateIsAlwaysOpen() {
        var bucket = TokenBucket()
        bucket.refill(nowSeconds: 0)
        bucket.pay(1e12)
        #expect(bucket.isOpen)
    }

    @Test func whatIsNotUsedComesBack() {
        var bucket = TokenBucket()
        bucket.setRate(10, nowSeconds: 0)
        bucket.refill(nowSeconds: 1)
        bucket.pay(100)
        bucket.pay(-100)
        #expect(bucket.isOpen)
    }
}
