import SluicePostgres
import Testing

@testable import Sluice

@Suite struct VacuumSQLTests {
    @Test func aTableIsVacuumedUnlessSomebodyIsInTheWay() {
        let table = QualifiedName(schema: "my shop", name: "a\"b")
        #expect(
            VacuumSQL.vacuum(table)
                == "VACUUM (SKIP_LOCKED, TRUNCATE FALSE, PARALLEL 0) \"my shop\".\"a\"\"b\"")
    }

    @Test func whoMayVacuumDependsOnTheVersion() {
        for (version, phrase) in [(160_004, "has_role(c.relowner"), (170_000, "'MAINTAIN'")] {
            #expect(VacuumSQL.permission(serverVersion: version).contains(phrase))
            #expect(VacuumSQL.tables(serverVersion: version).contains(phrase))
            // A size is asked of the file under a lock, which a DDL statement may hold for long.
            #expect(!VacuumSQL.tables(serverVersion: version).contains("_size("))
        }
    }
}
