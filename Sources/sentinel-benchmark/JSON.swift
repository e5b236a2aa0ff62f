// SPDX-License-Identifier: Apache-2.0

/// A value in the notation other programs read.
indirect enum JSON {
    case null
    case number(Double)
    case string(String)
    case array([JSON])
    /// In the order they are written.
    case object([(String, JSON)])

    /// The value as text, lines indented by two spaces a level.
    func text(indentation: String = "") -> String {
        let inner = indentation + "  "
        switch self {
        case .null: return "null"
        case .number(let number): return Self.text(number)
        case .string(let string): return Self.quoted(string)
        case .array(let elements):
            return Self.block("[", elements.map { inner + $0.text(indentation: inner) }, "]", indentation)
        case .object(let fields):
            let lines = fields.map { inner + Self.quoted($0.0) + ": " + $0.1.text(indentation: inner) }
            return Self.block("{", lines, "}", indentation)
        }
    }

    private static func block(_ open: String, _ lines: [String], _ close: String, _ indentation: String) -> String {
        lines.isEmpty ? open + close : "\(open)\n\(lines.joined(separator: ",\n"))\n\(indentation)\(close)"
    }

    /// Numbers that JSON does not know are null.
    private static func text(_ number: Double) -> String {
        guard number.isFinite else { return "null" }
        if let whole = Int(exactly: number) { return String(whole) }
        return number.description
    }

    private static func quoted(_ string: String) -> String {
        var result = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
