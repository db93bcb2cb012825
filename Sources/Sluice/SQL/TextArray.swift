/// The text form of a PostgreSQL `text[]`, as a parameter and as a result.
enum TextArray {
    /// Writes an array literal; every element is quoted.
    static func literal(_ elements: [String]) -> String {
        let quoted = elements.map { element in
            var text = "\""
            for character in element.unicodeScalars {
                if character == "\"" || character == "\\" { text += "\\" }
                text.unicodeScalars.append(character)
            }
            return text + "\""
        }
        return "{" + quoted.joined(separator: ",") + "}"
    }

    /// Reads a one-dimensional array without NULL elements.
    static func parse(_ text: String) -> [String] {
        var elements: [String] = []
        var current = String.UnicodeScalarView()
        var quoted = false
        var escaped = false
        var any = false
        for character in text.unicodeScalars.dropFirst().dropLast() {
            any = true
            if escaped {
                current.append(character)
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if character == "\"" {
                quoted.toggle()
            } else if character == ",", !quoted {
                elements.append(String(current))
                current = String.UnicodeScalarView()
            } else {
                current.append(character)
            }
        }
        if any { elements.append(String(current)) }
        return elements
    }
}
