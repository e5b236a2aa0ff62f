// SPDX-License-Identifier: Apache-2.0

extension Word {
    init(_ text: some StringProtocol) { self.init(text.utf8) }

    /// The bytes as text in lower case, for looking up names, which are plain ASCII.
    var lowercasedText: String {
        String(decoding: map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
    }

    /// The bytes as text, if they are UTF-8.
    func text() throws(Reason) -> String {
        guard let text = String(validating: self, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    /// The bytes as a decimal number without leading zeros, plus sign or anything else around it.
    func integer(in range: ClosedRange<Int>) throws(Reason) -> Int {
        let digits = first == UInt8(ascii: "-") ? dropFirst() : self[...]
        let isPlain = digits.allSatisfy { (0x30...0x39).contains($0) } && (digits.first != 0x30 || count == 1)
        guard isPlain, let number = Int(String(decoding: self, as: UTF8.self)) else { throw .notAnInteger }
        guard range.contains(number) else { throw .outOfRange(from: "\(range.lowerBound)", to: "\(range.upperBound)") }
        return number
    }

    /// The bytes as a number the way `sentinel` lines are read: a sign and leading zeros are fine, junk is not.
    ///
    /// - Source: spec/defects.md 19; the original takes the leading digits and drops the rest.
    func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
        guard allSatisfy({ $0 < 0x80 }) else { return nil }
        return Number(String(decoding: self, as: UTF8.self))
    }

    /// `yes` or `no` in any case.
    var flag: Bool? {
        switch lowercasedText {
        case "yes": true
        case "no": false
        default: nil
        }
    }
}

/// `yes` or `no`.
func flagWord(_ flag: Bool) -> Word { Word(flag ? "yes" : "no") }

/// A count of milliseconds, cut off below one; stays at the greatest number instead of overflowing.
func millisecondsWord(_ duration: Duration) -> Word {
    let (seconds, attoseconds) = duration.components
    let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1000)
    let (sum, sumOverflows) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
    return Word("\(overflows || sumOverflows ? Int64.max : sum)")
}
