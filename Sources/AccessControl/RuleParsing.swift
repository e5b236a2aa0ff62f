// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue

extension Rule {
    /// Reads one modifier; words are understood in any mix of case.
    init(_ word: ArraySlice<UInt8>) throws(RuleProblem) {
        if let rule = Self.plain.first(where: { word.spells($0.word) }) {
            self = rule.rule
            return
        }
        let rest = word.dropFirst()
        switch word.first {
        case UInt8(ascii: ">"): self = .addPassword(PasswordHash(of: rest))
        case UInt8(ascii: "<"): self = .removePassword(PasswordHash(of: rest))
        case UInt8(ascii: "#"): self = .addPassword(try Self.hash(rest))
        case UInt8(ascii: "!"): self = .removePassword(try Self.hash(rest))
        case UInt8(ascii: "(") where rest.last == UInt8(ascii: ")"):
            var rules: [SelectorRule] = []
            for word in rest.dropLast().split(separator: UInt8(ascii: " ")) { rules.append(try SelectorRule(word)) }
            self = .addSelector(rules)
        default: self = .selector(try SelectorRule(word))
        }
    }

    private static let plain: [(word: String, rule: Rule)] = [
        ("on", .enable(true)), ("off", .enable(false)), ("nopass", .noPassword), ("resetpass", .resetPasswords),
        ("sanitize-payload", .sanitizePayload(true)), ("skip-sanitize-payload", .sanitizePayload(false)),
        ("clearselectors", .clearSelectors), ("reset", .reset),
    ]

    private static func hash(_ digits: ArraySlice<UInt8>) throws(RuleProblem) -> PasswordHash {
        guard let hash = PasswordHash(hexadecimal: digits) else { throw .badHash }
        return hash
    }
}

extension SelectorRule {
    init(_ word: ArraySlice<UInt8>) throws(RuleProblem) {
        if let rule = Self.plain.first(where: { word.spells($0.word) }) {
            self = rule.rule
            return
        }
        let rest = word.dropFirst()
        switch word.first {
        case UInt8(ascii: "~"): self = .key(try Self.key(rest, .both))
        case UInt8(ascii: "%"): self = try Self.keyWithAccess(rest)
        case UInt8(ascii: "&"):
            guard !rest.containsSeparator else { throw .syntax }
            self = .channel(Array(rest))
        case UInt8(ascii: "+"): self = try Self.command(rest, allowed: true)
        case UInt8(ascii: "-"): self = try Self.command(rest, allowed: false)
        default: throw .syntax
        }
    }

    private static let plain: [(word: String, rule: SelectorRule)] = [
        ("", .nothing), ("allkeys", .allKeys), ("resetkeys", .resetKeys), ("allchannels", .allChannels),
        ("resetchannels", .resetChannels), ("allcommands", .allCommands(true)), ("nocommands", .allCommands(false)),
        ("+@all", .allCommands(true)), ("-@all", .allCommands(false)),
    ]

    private static func key(
        _ text: ArraySlice<UInt8>, _ access: KeyPatterns.Access
    ) throws(RuleProblem) -> KeyPatterns.Pattern {
        guard !text.containsSeparator else { throw .syntax }
        return KeyPatterns.Pattern(text: Array(text), access: access)
    }

    /// Reads `R~pattern`, `W~pattern` or `RW~pattern`. The original takes a missing `~` at the end for one, and so
    /// does this.
    private static func keyWithAccess(_ rest: ArraySlice<UInt8>) throws(RuleProblem) -> SelectorRule {
        var access: KeyPatterns.Access = []
        for (position, byte) in zip(rest.indices, rest) {
            let added: KeyPatterns.Access
            switch byte {
            case UInt8(ascii: "R"), UInt8(ascii: "r"): added = .read
            case UInt8(ascii: "W"), UInt8(ascii: "w"): added = .write
            case UInt8(ascii: "~") where !access.isEmpty: return .key(try key(rest[(position + 1)...], access))
            default: throw .syntax
            }
            guard access.isDisjoint(with: added) else { throw .syntax }
            access.formUnion(added)
        }
        guard !access.isEmpty else { throw .syntax }
        return .key(try key([], access))
    }

    /// Reads what follows `+` or `-`.
    private static func command(_ name: ArraySlice<UInt8>, allowed: Bool) throws(RuleProblem) -> SelectorRule {
        if name.first == UInt8(ascii: "@") {
            guard let category = CommandCategory(named: name.dropFirst()) else { throw .unknownCommand }
            return .category(category, allowed: allowed)
        }
        if let command = Catalogue.entry(fullName: name) { return .command(command, allowed: allowed) }
        // Left are a first argument behind a command, and mistakes.
        guard allowed, let bar = name.lastIndex(of: UInt8(ascii: "|")),
            let command = Catalogue.entry(fullName: name[..<bar])
        else { throw .unknownCommand }
        let argument = name[(bar + 1)...]
        guard !command.isSubcommand else { throw .firstArgumentOfSubcommand }
        guard !argument.isEmpty else { throw .syntax }
        guard !command.isContainer else { throw .unknownCommand }
        guard !argument.containsSeparator else { throw .syntax }
        return .firstArgument(command, argument.lowercased)
    }
}

/// Modifiers as words, before they are understood.
enum RuleWords {
    /// Puts selectors together that were cut at their spaces: `(+ping`, `~a)` is one modifier.
    ///
    /// - Throws: The word a selector without an end begins with.
    static func joiningSelectors(_ words: [ArraySlice<UInt8>]) throws(UnmatchedParenthesis) -> [ArraySlice<UInt8>] {
        var joined: [ArraySlice<UInt8>] = []
        var open: (start: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
        for word in words {
            var text = word
            if let begun = open {
                text = begun.text + [UInt8(ascii: " ")] + word
            } else if word.first == UInt8(ascii: "(") {
                open = (word, word)
            }
            guard let begun = open else {
                joined.append(text)
                continue
            }
            open = (begun.start, text)
            guard word.last == UInt8(ascii: ")") else { continue }
            joined.append(text)
            open = nil
        }
        if let open { throw UnmatchedParenthesis(start: open.start) }
        return joined
    }

    /// The modifier for an error text: up to the first NUL, and up to what may be a password or the hash of one.
    ///
    /// A password may have spaces, and several modifiers may have been taken for one by mistake; so nothing is shown of
    /// what stands behind the sign of a password at the beginning or behind a space, but the end of the selector.
    static func shown(_ word: ArraySlice<UInt8>) -> [UInt8] {
        let word = word.prefix { $0 != 0 }
        var beginsModifier = true
        for (position, byte) in zip(word.indices, word) {
            if beginsModifier, signsOfPasswords.contains(byte) {
                let isWholeSelector = word.first == UInt8(ascii: "(") && word.last == UInt8(ascii: ")")
                return Array(word[...position]) + Array((isWholeSelector ? "******)" : "******").utf8)
            }
            beginsModifier = byte == UInt8(ascii: "(") || CollectionOfOne(byte).containsSeparator
        }
        return Array(word)
    }

    private static let signsOfPasswords = Array("><#!".utf8)
}

/// A selector that has no end.
struct UnmatchedParenthesis: Error {
    /// The word it begins with.
    let start: ArraySlice<UInt8>
}
