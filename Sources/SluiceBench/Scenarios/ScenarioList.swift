/// All scenarios that can be run.
public enum ScenarioList {
    /// In the order of the report.
    public static let all: [Scenario] = [
        Scenario("indexes-3", "a dense integer key and three more indexes"),
        Scenario("indexes-0", "a dense integer key and no other index", indexes: 0),
        Scenario("indexes-6", "a dense integer key and six more indexes", indexes: 6),
        Scenario(
            "uuid", "a random UUID as the key, in no order of the pages",
            key: [(FillJob.KeyColumn(name: "id", type: "uuid"), "md5(i::text)::uuid")], indexes: 0),
        Scenario(
            "composite", "a key of two columns",
            key: [
                (FillJob.KeyColumn(name: "shop", type: "integer"), "1 + i / 1000"),
                (FillJob.KeyColumn(name: "number", type: "bigint"), "i"),
            ]),
        Scenario(
            "text", "a text key",
            key: [(FillJob.KeyColumn(name: "code", type: "text"), "'P-' || lpad(i::text, 12, '0')")]
        ),
        Scenario(
            "skew", "an integer key with 99 of 100 keys in the first thousandth of its span",
            key: [
                (
                    FillJob.KeyColumn(name: "id", type: "bigint"),
                    "CASE WHEN i % 100 = 0 THEN i * 1000 ELSE i END"
                )
            ]),
        Scenario("wide", "rows of a kilobyte", padBytes: 900),
        Scenario(
            "toast", "rows whose text of 4 kB is stored out of line", padBytes: 4_000,
            isToasted: true),
        Scenario("sparse", "one row in a hundred is to be filled", oneIn: 100),
        Scenario(
            "application", "beside an application that reads and changes 200 rows a second",
            beside: Conditions(applicationPerSecond: 200, applicationTimesMax: 2)),
        Scenario(
            "slow-replica", "before a replica that works a tenth of the time",
            beside: Conditions(replicaShare: 0.1, lagSecondsMax: 3)),
        Scenario(
            "network-1ms", "over a network of 1 ms in each direction",
            beside: Conditions(delayMilliseconds: 1)),
        Scenario(
            "network-5ms", "over a network of 5 ms in each direction",
            beside: Conditions(delayMilliseconds: 5)),
    ]

    /// What one looks at first.
    public static let first = "indexes-3"
}
