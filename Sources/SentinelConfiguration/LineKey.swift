// SPDX-License-Identifier: Apache-2.0

/// What a line is about: two lines with the same key must not both be in a file.
///
/// `sentinel known-slave m 10.0.0.1 6379` and the same with `known-replica` have one key; lines of two masters never.
struct LineKey: Hashable, Sendable {
    private let words: [Word]

    private init(_ words: [Word]) { self.words = words }

    /// A `user` line.
    static func user(_ name: Word) -> LineKey { LineKey([Word("user"), name]) }

    /// Whom a `user` line is about.
    var userName: Word? { words.first == Word("user") ? words.last : nil }

    /// A line about the sentinel as a whole.
    static func global(_ directive: Directive) -> LineKey { LineKey([Word("sentinel"), Word(directive.name)]) }

    /// A line about a master; `arguments` start after its name.
    static func master(_ directive: Directive, _ name: Word, _ arguments: [Word]) -> LineKey {
        let head = [Word("sentinel"), Word(directive.name), name]
        guard case .master(let setting) = directive.action else { return LineKey(head) }
        return LineKey(head + setting.identity(arguments))
    }
}
