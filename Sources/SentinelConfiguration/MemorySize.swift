// SPDX-License-Identifier: Apache-2.0

/// Sizes as the file writes them: `512`, `64mb`, `1G`.
///
/// `k`, `m` and `g` are powers of 1000, `kb`, `mb` and `gb` powers of 1024, in any case.
/// - Source: spec/config-and-process.md 1. That a missing number is 0 and that a number too great is out of range
///   rather than no size at all is what the original answers.
enum MemorySize {
    /// The size in bytes, at most `UInt64.max`; `nil` when the word is none.
    static func bytes(of word: Word) -> UInt64? {
        let digits = word.prefix { (0x30...0x39).contains($0) }
        guard let unit = units[Word(word[digits.endIndex...]).lowercasedText] else { return nil }
        guard !digits.isEmpty else { return 0 }
        guard let number = UInt64(String(decoding: digits, as: UTF8.self)) else { return .max }
        let (product, overflows) = number.multipliedReportingOverflow(by: unit)
        return overflows ? .max : product
    }

    static func bytes(of word: Word, in range: ClosedRange<UInt64>) throws(Reason) -> UInt64 {
        guard let size = bytes(of: word) else { throw .notAMemorySize }
        guard range.contains(size) else { throw .outOfRange(from: "\(range.lowerBound)", to: "\(range.upperBound)") }
        return size
    }

    private static let units: [String: UInt64] = [
        "": 1, "b": 1,
        "k": 1000, "kb": 1 << 10,
        "m": 1_000_000, "mb": 1 << 20,
        "g": 1_000_000_000, "gb": 1 << 30,
    ]
}
