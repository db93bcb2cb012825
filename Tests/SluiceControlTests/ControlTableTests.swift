import SluiceControlPlant
import Testing

@Suite struct ControlTableTests {
    @Test func theTableNamesTheChosenControllersOnly() async {
        let choice = ControlTable.Choice(
            scenarios: ["none"], controllers: ["pgroll", "idle"], seeds: 1, plants: 1)
        let text = await ControlTable.markdown(choice)
        #expect(text.contains("1 random plants from seed 1000"))
        #expect(text.contains("| fixed 1,000 × 1 (pgroll) |"))
        #expect(text.contains("| (no backfill) | 0.000 |"))
        #expect(!text.contains("Sluice"))
        #expect(!text.contains("### S1"))
    }
}
