// SPDX-License-Identifier: Apache-2.0

/// Patterns for names and channels: `*`, `?`, `[abc]`, `[a-z]`, `[^x]`, and `\` before a byte that stands for itself.
///
/// After a mismatch only the last `*` seen takes one more byte and the rest is tried again. Earlier stars need no
/// second try: what stood between two stars was matched at its first place, and any later place leaves less of the
/// text. So the cost is at most the product of the two lengths.
///
/// The corners, as redis-server 7.0.15 answers them: a class left open ends with the pattern; `]` right after `[` or
/// `[^` closes the class; a range may be given backwards and may end at `]`; a `\` at the end of the pattern or of an
/// open class is itself.
package enum Glob {
    /// Whether all of `text` fits `pattern`.
    ///
    /// - Parameter ignoringCase: Compares ASCII letters, and the ends of ranges, in lower case.
    package static func matches(
        pattern: some Collection<UInt8>, text: some Collection<UInt8>, ignoringCase: Bool = false
    ) -> Bool {
        var pattern = pattern[...]
        var text = text[...]
        // What follows the last star, and the text from the first byte that star has not taken yet.
        var patternAfterStar = pattern
        var textAfterStar = text
        var hasStar = false
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern.removeFirst()
                if pattern.isEmpty { return true }
                (patternAfterStar, textAfterStar, hasStar) = (pattern, text, true)
                continue
            }
            if let byte = text.first {
                if matchesOne(&pattern, ignoringCase ? ASCII.lowercased(byte) : byte, ignoringCase: ignoringCase) {
                    text.removeFirst()
                    continue
                }
            } else if pattern.isEmpty {
                return true
            }
            // A mismatch: the text ran out, or the pattern did, or they differ.
            guard hasStar, !text.isEmpty, !textAfterStar.isEmpty else { return false }
            textAfterStar.removeFirst()
            (pattern, text) = (patternAfterStar, textAfterStar)
        }
    }

    /// Takes one element other than a star off `pattern`; whether it fits `byte`. An empty pattern fits nothing.
    ///
    /// - Parameter byte: In lower case if case is ignored.
    private static func matchesOne<Bytes: Collection<UInt8>>(
        _ pattern: inout Bytes, _ byte: UInt8, ignoringCase: Bool
    ) -> Bool where Bytes.SubSequence == Bytes {
        guard let first = pattern.popFirst() else { return false }
        switch first {
        case UInt8(ascii: "?"):
            return true
        case UInt8(ascii: "["):
            return matchesClass(&pattern, byte, ignoringCase: ignoringCase)
        case ASCII.backslash:
            let literal = pattern.popFirst() ?? first
            return (ignoringCase ? ASCII.lowercased(literal) : literal) == byte
        default:
            return (ignoringCase ? ASCII.lowercased(first) : first) == byte
        }
    }

    /// Takes the rest of a class, its `[` already gone, off `pattern`; whether `byte` belongs to it.
    private static func matchesClass<Bytes: Collection<UInt8>>(
        _ pattern: inout Bytes, _ byte: UInt8, ignoringCase: Bool
    ) -> Bool where Bytes.SubSequence == Bytes {
        let isNegated = pattern.first == UInt8(ascii: "^")
        if isNegated { pattern.removeFirst() }
        var isMember = false
        while let next = pattern.popFirst(), next != UInt8(ascii: "]") {
            var (low, high) = (next, next)
            if next == ASCII.backslash, let literal = pattern.popFirst() {
                (low, high) = (literal, literal)
            } else if pattern.first == ASCII.minus, let end = pattern.dropFirst().first {
                pattern.removeFirst(2)
                high = end
            }
            if ignoringCase { (low, high) = (ASCII.lowercased(low), ASCII.lowercased(high)) }
            if min(low, high) <= byte, byte <= max(low, high) { isMember = true }
        }
        return isMember != isNegated
    }
}
