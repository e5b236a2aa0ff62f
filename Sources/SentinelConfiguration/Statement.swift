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
        guard directive.arguments.contains(words.count - 1) else {
            return .unknown(DirectiveTable.wrongCount(for: directive))
        }
        return .server(directive, Array(words.dropFirst()))
    }

    private static func sentinel(_ words: [Word]) -> Statement {
        guard words.count > 1 else { return .bareSentinel }
        guard let directive = DirectiveTable.sentinel[words[1].lowercasedText],
            directive.arguments.contains(words.count - 2)
        else { return .unknown(.unrecognizedStatement) }
        return .sentinel(directive, Array(words.dropFirst(2)))
    }
}
