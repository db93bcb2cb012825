public import SluicePostgres

extension Identifier {
    /// The name as a person would write it: quoted only where SQL needs it.
    public var shown: String {
        var plain = !name.isEmpty
        for (index, scalar) in name.unicodeScalars.enumerated() {
            switch scalar {
            case "a"..."z", "_": break
            case "0"..."9", "$": plain = plain && index > 0
            default: plain = false
            }
        }
        return plain ? name : quoted
    }
}

extension QualifiedName {
    /// The name as a person would write it: quoted only where SQL needs it.
    public var shown: String {
        let own = Identifier(name).shown
        return schema.map { Identifier($0).shown + "." + own } ?? own
    }
}
