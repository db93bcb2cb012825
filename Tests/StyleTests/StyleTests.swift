import Testing

/// Style is a test: what the contributors agreed on is checked with everything else.
@Suite struct StyleTests {
    @Test(arguments: Rule.all)
    func theCheckoutFollows(_ rule: Rule) {
        for violation in Checkout.files.flatMap(rule.check) {
            Issue.record("\(violation)")
        }
    }

    @Test func theCheckoutIsReallyRead() {
        let paths = Set(Checkout.files.map(\.path))
        #expect(paths.contains("Package.swift"))
        #expect(paths.contains("scripts/test"))
        #expect(paths.contains("Tests/StyleTests/StyleTests.swift"))
        #expect(!paths.contains { $0.hasPrefix(Checkout.fixturesPath) })
    }
}

/// Proof that every rule can fail, and does not fail for nothing.
@Suite struct RuleTests {
    @Test(arguments: Rule.all)
    func aBadFixtureIsFlaggedExactlyWhereItIsMarked(_ rule: Rule) throws {
        let fixtures = try Fixture.all(of: rule, named: "bad")
        #expect(!fixtures.isEmpty, "add Tests/StyleTests/Fixtures/\(rule.name)/bad….txt")
        for fixture in fixtures {
            let flagged = rule.check(fixture.file).map(\.line)
            #expect(!flagged.isEmpty, "\(fixture.name) is not flagged at all")
            #expect(flagged == fixture.markedLines, "in \(fixture.name)")
        }
    }

    @Test(arguments: Rule.all)
    func aGoodFixtureIsLeftAlone(_ rule: Rule) throws {
        let fixtures = try Fixture.all(of: rule, named: "good")
        #expect(!fixtures.isEmpty, "add Tests/StyleTests/Fixtures/\(rule.name)/good….txt")
        for fixture in fixtures {
            #expect(fixture.markedLines.isEmpty, "\(fixture.name) is good and bears a mark")
            #expect(rule.check(fixture.file) == [], "in \(fixture.name)")
        }
    }

    @Test func everyFixtureBelongsToARule() {
        #expect(Fixture.ruleNames() == Set(Rule.all.map(\.name)))
    }

    @Test func aViolationNamesFileAndLineAndCure() {
        let file = SourceFile(path: "Sources/SluiceCore/Clock.swift", text: "\nimport Foundation\n")
        let violations = ImportRules.coreImportsNothing.check(file)
        let description = violations.first?.description ?? ""
        #expect(description.hasPrefix("Sources/SluiceCore/Clock.swift:2: "))
        #expect(description.contains("pass time"))
    }
}
