import Testing

@testable import SluiceMigration

/// The text of the triggers, without a server.
@Suite struct DualWriteTests {
    private static func text(_ type: String, to newType: String, up: String) -> String {
        let column = Catalog.Column(
            name: "a", plain: "a", type: type, isNotNull: false, defaultText: nil,
            hasEquality: true, isComputed: false, hasPrivileges: false, comment: nil)
        let table = Catalog.Table(
            name: "public.t", schema: "public", plain: "t", isPartitioned: false, oid: "1",
            columns: [column])
        return DualWrite(
            table: table, old: column, new: "b", newType: newType, up: up, down: "b", label: "m_1"
        ).create[0]
    }

    @Test(arguments: [
        ("text", "text", "a", false), ("integer", "bigint", "a", false),
        ("bigint", "BIGINT", "a", false), ("bigint", "integer", "a", true),
        ("text", "integer", "a", true), ("text", "text", "lower(a)", true),
    ])
    func whatCannotFailIsNotCaught(
        _ type: String, _ newType: String, _ up: String, _ isCaught: Bool
    ) {
        let text = Self.text(type, to: newType, up: up)
        #expect(text.contains("EXCEPTION") == isCaught, "\(text)")
    }
}
