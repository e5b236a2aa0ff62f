// SPDX-License-Identifier: Apache-2.0

/// The bytes the protocol gives a meaning to.
enum ASCII {
    static let carriageReturn = UInt8(ascii: "\r")
    static let lineFeed = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let zero = UInt8(ascii: "0")
    static let nine = UInt8(ascii: "9")
    static let minus = UInt8(ascii: "-")
    static let backslash = UInt8(ascii: "\\")
    static let singleQuote = UInt8(ascii: "'")
    static let doubleQuote = UInt8(ascii: "\"")

    static func isDigit(_ byte: UInt8) -> Bool { byte >= zero && byte <= nine }

    /// Space, tab, line feed, vertical tab, form feed or carriage return.
    static func isWhitespace(_ byte: UInt8) -> Bool { byte == space || (byte >= 0x09 && byte <= 0x0D) }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    /// The value of one hexadecimal digit.
    static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension Int {
    /// Reads a decimal number the way every command does: digits with an optional `-`, and nothing else.
    ///
    /// `nil` for a leading zero, `-0`, `+`, spaces, no digits, or a number outside 64 bits.
    /// - Source: spec/commands.md 2: integers are parsed strictly everywhere.
    package init?(strictDecimal bytes: some Collection<UInt8>) {
        var rest = bytes[...]
        let isNegative = rest.first == ASCII.minus
        if isNegative { rest = rest.dropFirst() }
        guard let first = rest.first, ASCII.isDigit(first) else { return nil }
        if first == ASCII.zero, isNegative || rest.dropFirst().first != nil { return nil }
        self.init(digits: rest, isNegative: isNegative)
    }

    /// Reads digits only, leading zeros and all; `nil` on any other byte, on no byte, and on overflow.
    init?(digits: some Collection<UInt8>, isNegative: Bool) {
        guard !digits.isEmpty else { return nil }
        var number = 0
        for byte in digits {
            guard ASCII.isDigit(byte) else { return nil }
            let digit = Int(byte - ASCII.zero)
            let (shifted, overflowed) = number.multipliedReportingOverflow(by: 10)
            // Counted downwards when negative, so that the least integer needs no special case.
            let (next, carried) =
                isNegative ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
            guard !overflowed, !carried else { return nil }
            number = next
        }
        self = number
    }
}
