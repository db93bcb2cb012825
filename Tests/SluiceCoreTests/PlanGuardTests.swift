import SluiceCore
import Testing

@Suite struct PlanGuardTests {
    private func scan(_ type: String, bounded: Bool, children: [PlanNode] = []) -> PlanNode {
        PlanNode(type: type, relation: "t", hasIndexCondition: bounded, children: children)
    }

    @Test func boundedIndexScansPass() {
        let bitmap = scan(
            "Bitmap Heap Scan", bounded: false,
            children: [PlanNode(type: "Bitmap Index Scan", hasIndexCondition: true)])
        for plan in [
            scan("Index Scan", bounded: true), scan("Index Only Scan", bounded: true), bitmap,
            PlanNode(
                type: "ModifyTable", relation: "t", children: [scan("Index Scan", bounded: true)]),
            PlanNode(type: "Seq Scan", relation: "other"),
        ] {
            #expect(PlanGuard.problem(in: plan, table: "t") == nil)
        }
    }

    @Test func whatReadsTheWholeTableIsRefusedHoweverDeep() {
        let unboundedBitmap = scan(
            "Bitmap Heap Scan", bounded: false, children: [PlanNode(type: "Bitmap Index Scan")])
        let join = PlanNode(
            type: "Hash Join",
            children: [PlanNode(type: "Hash", children: [scan("Index Scan", bounded: true)])])
        for plan in [
            scan("Seq Scan", bounded: false), scan("Index Scan", bounded: false),
            scan("Index Only Scan", bounded: false), unboundedBitmap, join,
        ] {
            let nested = PlanNode(
                type: "Limit", children: [PlanNode(type: "Sort", children: [plan])])
            #expect(PlanGuard.problem(in: nested, table: "t") != nil)
        }
    }

    @Test func plansAreCheckedAgainHourlyAndAfterAnAnalyze() {
        var schedule = PlanCheckSchedule(checkedAtSeconds: 0, statisticsMark: "a")
        let looks = [(3_599.0, "a"), (3_600, "a"), (3_700, "a"), (3_701, "b"), (3_702, "b")]
        var due: [Bool] = []
        for (seconds, mark) in looks {
            due.append(schedule.isDue(nowSeconds: seconds, statisticsMark: mark))
        }
        #expect(due == [false, true, false, true, false])
    }
}
