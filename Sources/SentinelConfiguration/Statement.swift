// SPDX-License-Identifier: Apache-2.0

/// What a line turns out to say, before anybody asks whether its values are good.
enum Statement {
    case silent
    /// A general directive; the words after its name.
    case server(Directive, [Word])
    /// A `sentinel …` line; the words after both names.
    case sentinel(Directive, [Word])
    /// The word `sentinel` alone.
    case bareSentinel
    /// A dotted name, which is for a module.
    case module
    case unknown(Reason)

    /// Reads one trimmed line.
    init(_ line: ArraySlice<UInt8>) throws(UnbalancedQuotes) {
        guard !Grammar.isSilent(line) else {
            self = .silent
            return
        }
        let words = try Grammar.words(of: line)
        guard let first = words.first else {
            self = .silent
            return
        }
        self = first.lowercasedText == "sentinel" ? Self.sentinel(words) : Self.general(words)
    }

    private static func general(_ words: [Word]) -> Statement {
        guard let directive = DirectiveTable.server[words[0].lowercasedText] else {
            guard words[0].contains(UInt8(ascii: ".")) else { return .unknown(.badDirective) }
            return words.count > 1 ? .module : .unknown(.moduleDirectiveWithoutValue)
        }
        let arguments = directive.splitsSingleWord ? split(words.dropFirst()) : Array(words.dropFirst())
        guard directive.arguments.contains(arguments.count) else {
            return .unknown(DirectiveTable.wrongCount(for: directive))
        }
        return .server(directive, arguments)
    }

    /// Takes `bind "10.0.0.1 ::1"` for `bind 10.0.0.1 ::1`; an empty word stays one.
    private static func split(_ words: ArraySlice<Word>) -> [Word] {
        guard words.count == 1, let word = words.first, !word.isEmpty else { return Array(words) }
        return (try? Grammar.words(of: word[...])) ?? Array(words)
    }

    private static func sentinel(_ words: [Word]) -> Statement {
        guard words.count > 1 else { return .bareSentinel }
        guard let directive = DirectiveTable.sentinel[words[1].lowercasedText],
            directive.arguments.contains(words.count - 2)
        else { return .unknown(.unrecognizedStatement) }
        return .sentinel(directive, Array(words.dropFirst(2)))
    }
}
