// SPDX-License-Identifier: Apache-2.0

/// Splits a line into words the way a shell would, more or less.
///
/// Words are separated by white space. Quotes may begin within a word, and a closing quote must end it. Between
/// double quotes `\n`, `\r`, `\t`, `\b`, `\a` and `\xHH` have their usual meaning and any other `\c` is `c`; between
/// single quotes only `\'` is special. Within a word vertical tab and form feed are ordinary, next to one they are
/// white space.
///
/// - Source: spec/config-and-process.md 1; white space as redis-server 7.0.15 treats it in inline requests.
package enum QuotedWords {
    /// The words of `line`, or `nil` when its quotes do not balance.
    package static func split(_ line: some Collection<UInt8>) -> [[UInt8]]? {
        var words = Request()
        return split(line, into: &words) ? words.arguments : nil
    }

    /// Adds the words of `line` to `request`; `false` when the quotes do not balance, with `request` left half-done.
    static func split(_ line: some Collection<UInt8>, into request: inout Request) -> Bool {
        var position = Position.betweenWords
        for byte in line {
            guard position.advance(over: byte, into: &request) else { return false }
        }
        switch position {
        case .betweenWords, .afterQuote: return true
        case .inWord:
            request.endArgument()
            return true
        case .quoted, .escaped, .hexadecimal: return false
        }
    }

    /// What the bytes so far mean for the next one.
    private enum Position {
        case betweenWords
        case inWord
        case quoted(by: UInt8)
        /// After a backslash.
        case escaped(in: UInt8)
        /// After `\x` between double quotes, and perhaps one digit.
        case hexadecimal(UInt8?)
        /// After a closing quote, the word already ended.
        case afterQuote

        /// Takes one byte; `false` if the line is malformed.
        mutating func advance(over byte: UInt8, into request: inout Request) -> Bool {
            switch self {
            case .betweenWords:
                if !ASCII.isWhitespace(byte) { takeUnquoted(byte, into: &request) }
            case .inWord:
                switch byte {
                case ASCII.space, UInt8(ascii: "\t"), ASCII.lineFeed, ASCII.carriageReturn:
                    request.endArgument()
                    self = .betweenWords
                default:
                    takeUnquoted(byte, into: &request)
                }
            case .quoted(let quote):
                if byte == quote {
                    request.endArgument()
                    self = .afterQuote
                } else if byte == ASCII.backslash {
                    self = .escaped(in: quote)
                } else {
                    request.append(byte)
                }
            case .escaped(let quote):
                return takeEscaped(byte, in: quote, into: &request)
            case .hexadecimal(let high):
                return takeHexadecimal(byte, after: high, into: &request)
            case .afterQuote:
                self = .betweenWords
                return ASCII.isWhitespace(byte)
            }
            return true
        }

        private mutating func takeUnquoted(_ byte: UInt8, into request: inout Request) {
            if byte == ASCII.doubleQuote || byte == ASCII.singleQuote {
                self = .quoted(by: byte)
            } else {
                request.append(byte)
                self = .inWord
            }
        }

        private mutating func takeEscaped(_ byte: UInt8, in quote: UInt8, into request: inout Request) -> Bool {
            self = .quoted(by: quote)
            if quote == ASCII.singleQuote {
                if byte == quote {
                    request.append(byte)
                    return true
                }
                request.append(ASCII.backslash)
                return advance(over: byte, into: &request)
            }
            switch byte {
            case UInt8(ascii: "n"): request.append(0x0A)
            case UInt8(ascii: "r"): request.append(0x0D)
            case UInt8(ascii: "t"): request.append(0x09)
            case UInt8(ascii: "b"): request.append(0x08)
            case UInt8(ascii: "a"): request.append(0x07)
            case UInt8(ascii: "x"): self = .hexadecimal(nil)
            default: request.append(byte)
            }
            return true
        }

        /// Two digits make a byte; anything less stands for itself, the `x` included.
        private mutating func takeHexadecimal(_ byte: UInt8, after high: UInt8?, into request: inout Request) -> Bool {
            switch (high, ASCII.hexadecimalValue(byte)) {
            case (nil, .some):
                self = .hexadecimal(byte)
                return true
            case (.some(let digit), .some(let low)):
                request.append((ASCII.hexadecimalValue(digit) ?? 0) << 4 | low)
                self = .quoted(by: ASCII.doubleQuote)
                return true
            case (let digit, nil):
                request.append(UInt8(ascii: "x"))
                if let digit { request.append(digit) }
                self = .quoted(by: ASCII.doubleQuote)
                return advance(over: byte, into: &request)
            }
        }
    }
}
