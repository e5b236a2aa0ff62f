// SPDX-License-Identifier: Apache-2.0

/// A word of the configuration file as it was written there: any bytes, UTF-8 or not.
package typealias Word = [UInt8]

/// The quotes of a line do not pair up.
package struct UnbalancedQuotes: Error, Equatable {
    package init() {}
}

/// Lines to words and back.
///
/// A line is trimmed; an empty one and one that starts with `#` says nothing. Words are separated by white space; of
/// that a vertical tab and a form feed are skipped in front of a word but do not end one.
/// `"…"` knows `\n \r \t \b \a \xHH`, and any other `\c` is `c`; `'…'` knows only `\'`. Quotes may open in the
/// middle of a word, but a closing quote ends it. There are no trailing comments and no continued lines.
/// - Source: spec/config-and-process.md 1.
package enum Grammar {
    /// The lines of a text, without their line feeds; what follows the last line feed is a line as well.
    package static func lines(of text: [UInt8]) -> [ArraySlice<UInt8>] {
        text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }

    /// A line without spaces, tabs and carriage returns at both ends.
    package static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        let head = line.drop(while: isBlank)
        guard let last = head.lastIndex(where: { !isBlank($0) }) else { return head }
        return head[...last]
    }

    /// Whether a trimmed line holds nothing to obey.
    package static func isSilent(_ trimmed: ArraySlice<UInt8>) -> Bool {
        trimmed.first.map { $0 == UInt8(ascii: "#") } ?? true
    }

    /// Splits a line into its words, quotes and escapes resolved.
    ///
    /// - Throws: `UnbalancedQuotes`, also for a closing quote with something behind it.
    package static func words(of line: ArraySlice<UInt8>) throws(UnbalancedQuotes) -> [Word] {
        var scanner = WordScanner(rest: line)
        var words: [Word] = []
        while let word = try scanner.next() { words.append(word) }
        return words
    }

    /// One line that reads back as `words`, each quoted only where it has to be.
    package static func text(of words: [Word]) -> [UInt8] {
        var text: [UInt8] = []
        for (index, word) in words.enumerated() {
            if index > 0 { text.append(0x20) }
            let isTakenForComment = index == 0 && word.first == UInt8(ascii: "#")
            text += needsQuotes(word) || isTakenForComment ? quoted(word) : word
        }
        return text
    }

    /// `word` between double quotes, with every byte that is not plain ASCII escaped.
    package static func quoted(_ word: Word) -> [UInt8] {
        var text = [UInt8(ascii: "\"")]
        text.reserveCapacity(word.count + 2)
        for byte in word {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0x0A: text += Word("\\n".utf8)
            case 0x0D: text += Word("\\r".utf8)
            case 0x09: text += Word("\\t".utf8)
            case 0x08: text += Word("\\b".utf8)
            case 0x07: text += Word("\\a".utf8)
            case 0x20..<0x7F: text.append(byte)
            default: text += [UInt8(ascii: "\\"), UInt8(ascii: "x"), digit(byte >> 4), digit(byte & 0xF)]
            }
        }
        text.append(UInt8(ascii: "\""))
        return text
    }

    /// Whether a byte separates words.
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func needsQuotes(_ word: Word) -> Bool {
        word.isEmpty
            || word.contains { byte in
                byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
                    || byte == UInt8(ascii: "\\")
            }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

/// Takes one word after the other off the front of a line.
private struct WordScanner {
    var rest: ArraySlice<UInt8>

    mutating func next() throws(UnbalancedQuotes) -> Word? {
        rest = rest.drop(while: Grammar.isSpace)
        guard !rest.isEmpty else { return nil }
        var word: Word = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                try finishQuoted(&word)
                return word
            case UInt8(ascii: "'"):
                try finishSingleQuoted(&word)
                return word
            case 0x20, 0x09, 0x0A, 0x0D: return word
            default: word.append(byte)
            }
        }
        return word
    }

    private mutating func finishQuoted(_ word: inout Word) throws(UnbalancedQuotes) {
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return try requireEnd()
            case UInt8(ascii: "\\"): word.append(try escapedByte())
            default: word.append(byte)
            }
        }
        throw UnbalancedQuotes()
    }

    private mutating func finishSingleQuoted(_ word: inout Word) throws(UnbalancedQuotes) {
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "'") { return try requireEnd() }
            if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "'") {
                rest.removeFirst()
                word.append(UInt8(ascii: "'"))
            } else {
                word.append(byte)
            }
        }
        throw UnbalancedQuotes()
    }

    private mutating func escapedByte() throws(UnbalancedQuotes) -> UInt8 {
        guard let byte = rest.popFirst() else { throw UnbalancedQuotes() }
        switch byte {
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "a"): return 0x07
        case UInt8(ascii: "x"):
            let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard digits.count == 2, rest.prefix(2).allSatisfy({ $0 < 0x80 }) else { return byte }
            rest = rest.dropFirst(2)
            return UInt8(digits[0] << 4 | digits[1])
        default: return byte
        }
    }

    private func requireEnd() throws(UnbalancedQuotes) {
        if let byte = rest.first, !Grammar.isSpace(byte) { throw UnbalancedQuotes() }
    }
}
