// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// Whole milliseconds, rounded down; the greatest or least number where they don't fit.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        if overflows { return seconds < 0 ? .min : .max }
        let (sum, overflowsToo) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return overflowsToo ? (seconds < 0 ? .min : .max) : sum
    }
}

/// Reads numbers as the wire has them.
enum Decimal {
    /// A whole number with an optional sign, in decimal digits and nothing else; `nil` if it is none or does not fit.
    static func strict<Number: FixedWidthInteger>(_ text: some StringProtocol) -> Number? {
        let digits = text.first == "-" ? text.dropFirst() : text[...]
        guard let first = digits.first, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard first != "0" || digits.count == 1 else { return nil }
        guard text.first != "-" || first != "0" else { return nil }
        return Number(text)
    }

    /// The number, or the greatest that the original's file can hold: it cuts greater ones to 32 bits.
    ///
    /// - Source: spec/defects.md 19.
    static func in32Bits(_ number: Int64) -> Int { Int(min(number, 0x7FFF_FFFF)) }
}
