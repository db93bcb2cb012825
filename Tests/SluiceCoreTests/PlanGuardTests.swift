import SluiceCore
import Testing

@Suite struct PlanGuardTests {
    private func scan(
        _ type: String, bounded: Bool, by condition: String = "(id > $1)",
        children: [PlanNode] = []
    ) -> PlanNode {
        PlanNode(
            type: type, relation: "t", indexCondition: bounded ? condition : nil,
            children: children)
    }

    private func problem(_ plan: PlanNode) -> String? {
        PlanGuard.problem(in: plan, table: "t", firstKeyColumn: "id")
    }

    @Test func scansBoundedByTheKeyPass() {
        let bitmap = scan(
            "Bitmap Heap Scan", bounded: false,
            children: [PlanNode(type: "Bitmap Index Scan", indexCondition: "(id <= $2)")])
        let inner = scan("Index Scan", bounded: true)
        let other = PlanNode(
            type: "Index Scan", relation: "t", alias: "p", indexCondition: "(parent = $1)")
        for plan in [
            scan("Index Scan", bounded: true), scan("Index Only Scan", bounded: true), bitmap,
            PlanNode(type: "ModifyTable", relation: "t", children: [inner]),
            PlanNode(type: "Seq Scan", relation: "other"), other,
            scan("Index Scan", bounded: true, by: "(ROW(id, b) > ROW($1, $2))"),
        ] {
            #expect(problem(plan) == nil)
        }
    }

    @Test func anIndexThatServesThePredicateInsteadIsRefused() {
        for condition in ["(status = 'pending'::text)", "(paid > 3)", "(id2 = 1)"] {
            #expect(problem(scan("Index Scan", bounded: true, by: condition)) != nil)
        }
    }

    @Test func anIndexThatIsCombinedWithTheKeysIsWalkedWholeAndRefused() {
        let key = PlanNode(type: "Bitmap Index Scan", indexCondition: "(id > $1)")
        let other = PlanNode(type: "Bitmap Index Scan", indexCondition: "(todo = true)")
        for (leaves, isSound) in [([key, key], true), ([key, other], false), ([], false)] {
            let both = PlanNode(type: "BitmapAnd", children: leaves)
            // One below a sub-select of the user's is no part of it.
            let query = PlanNode(type: "Bitmap Heap Scan", relation: "u", children: [other])
            let heap = scan("Bitmap Heap Scan", bounded: false, children: [both, query])
            #expect((problem(heap) == nil) == isSound)
        }
    }

    @Test(arguments: [(1_000, true), (50_000, true), (50_001, false)])
    func aSmallTableMayBeJoinedByHashing(rows: Int, isSound: Bool) {
        let other = PlanNode(type: "Seq Scan", relation: "places", rows: rows)
        let join = PlanNode(
            type: "Hash Join",
            children: [
                scan("Index Scan", bounded: true), PlanNode(type: "Hash", children: [other]),
            ]
        )
        #expect((problem(join) == nil) == isSound)
    }

    @Test func aScanUnderTheStatementsOwnAliasIsTheBatchsOwn() {
        let plan = PlanNode(
            type: "Index Scan", relation: "t", alias: "x", indexCondition: "(todo = true)")
        #expect(problem(plan) == nil)
        let names = ["t", "x"]
        #expect(
            PlanGuard.problem(in: plan, table: "t", names: names, firstKeyColumn: "id") != nil)
    }

    @Test func whatReadsTheWholeTableIsRefusedHoweverDeep() {
        let unboundedBitmap = scan(
            "Bitmap Heap Scan", bounded: false, children: [PlanNode(type: "Bitmap Index Scan")])
        let aside = PlanNode(
            type: "Index Scan", relation: "t", alias: "p", indexCondition: "(x = 1)")
        let hashed = PlanNode(type: "Hash", children: [aside])
        let join = PlanNode(type: "Hash Join", children: [hashed])
        for plan in [
            scan("Seq Scan", bounded: false), scan("Index Scan", bounded: false),
            scan("Index Only Scan", bounded: false), unboundedBitmap, join,
        ] {
            let sort = PlanNode(type: "Sort", children: [plan])
            #expect(problem(PlanNode(type: "Limit", children: [sort])) != nil)
        }
    }

    @Test func plansAreCheckedAtTheFirstLookHourlyAndAfterAnAnalyze() {
        var schedule = PlanCheckSchedule()
        let looks = [
            (0.0, "a"), (3_599.0, "a"), (3_600, "a"), (3_700, "a"), (3_701, "b"), (3_702, "b"),
        ]
        var due: [Bool] = []
        for (seconds, mark) in looks {
            due.append(schedule.isDue(nowSeconds: seconds, statisticsMark: mark))
        }
        #expect(due == [true, false, true, false, true, false])
    }
}
