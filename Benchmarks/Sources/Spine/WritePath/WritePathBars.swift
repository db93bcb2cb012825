/// What is promised of write paths, by what the table is.
extension WritePathExperiment {
    private struct Promise {
        let title: String
        let metric: String
        let subject: String
        let over: String?
        let bound: Bar.Bound

        init(
            _ title: String, _ metric: String, _ subject: String, over: String? = nil,
            _ bound: Bar.Bound
        ) {
            self.title = title
            self.metric = metric
            self.subject = subject
            self.over = over
            self.bound = bound
        }
    }

    func expect(_ table: WritePathTable) {
        for promise in Self.promises(table.kind) {
            recorder.expect(
                Bar(
                    title: promise.title, experiment: "writepath", setting: table.title,
                    metric: promise.metric, subject: promise.subject, over: promise.over,
                    bound: promise.bound))
        }
    }

    private static func promises(_ kind: WritePathTable.Kind) -> [Promise] {
        let sluice = WritePathCase.sluice.subject
        switch kind {
        case .indexes(0):
            return faster(than: 1.5, thanPlain: 1.1) + [
                Promise(
                    "WAL / single update", "wal_megabytes", sluice,
                    over: WritePathCase.single.subject, .atMost(0.7)),
                Promise("heap growth, percent", "heap_growth_percent", sluice, .atMost(20)),
            ]
        case .indexes(let number): return faster(than: number < 6 ? 4 : 6, thanPlain: 2.5) + lean
        case .wide: return faster(than: 4, thanPlain: 2.5) + lean
        case .uuid:
            let pages = WritePathCase.sluiceInOrder("auto").subject
            let key = WritePathCase.sluiceInOrder("key").subject
            return [
                Promise("rate / key order", "rows_per_second", pages, over: key, .atLeast(1)),
                Promise("WAL / key order", "wal_megabytes", pages, over: key, .atMost(0.4)),
            ]
        case .touched:
            return [
                Promise(
                    "rate / without lanes", "rows_per_second", sluice,
                    over: WritePathCase.sluiceWithoutLanes.subject, .atLeast(0.97))
            ]
        case .snapshot: return [HeldSnapshot.fromTheStart, .fromTheMiddle].flatMap(promises)
        }
    }

    private static func faster(than single: Double, thanPlain plain: Double) -> [Promise] {
        let sluice = WritePathCase.sluice.subject
        return [
            Promise(
                "rate / single update", "rows_per_second", sluice,
                over: WritePathCase.single.subject, .atLeast(single)),
            Promise(
                "rate / best plain setting", "rows_per_second", sluice, over: plainBest,
                .atLeast(plain)),
        ]
    }

    /// What is written, where indexes are what it is written to.
    private static var lean: [Promise] {
        let sluice = WritePathCase.sluice.subject
        let single = WritePathCase.single.subject
        return [
            Promise("WAL / single update", "wal_megabytes", sluice, over: single, .atMost(0.5)),
            Promise(
                "WAL without page images / single update", "wal_megabytes_without_page_images",
                sluice, over: single, .atMost(0.3)),
            Promise("heap growth, percent", "heap_growth_percent", sluice, .atMost(15)),
            Promise("index growth, percent", "index_growth_percent", sluice, .atMost(10)),
        ]
    }

    /// Beside a snapshot lanes gain nothing, and must cost nothing.
    private static func promises(_ snapshot: HeldSnapshot) -> [Promise] {
        let sluice = WritePathCase.sluiceUnder(snapshot, lanes: true).subject
        let plain = WritePathCase.sluiceUnder(snapshot, lanes: false).subject
        return [
            Promise(
                "rate / without lanes, a snapshot \(snapshot.rawValue)", "rows_per_second",
                sluice, over: plain, .atLeast(0.95)),
            Promise(
                "WAL / without lanes, a snapshot \(snapshot.rawValue)", "wal_megabytes", sluice,
                over: plain, .atMost(1.05)),
        ]
    }
}
