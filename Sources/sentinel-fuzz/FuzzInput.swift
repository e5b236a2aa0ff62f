// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration

/// One thing to read, made from a seed and a number alone: lines of the vocabulary, spoiled more or less.
struct FuzzInput: CustomStringConvertible {
    var file: [UInt8] = []
    var standardInput: [UInt8]?
    var options: [[UInt8]] = []
    var state: [UInt8]?
    var included: [UInt8] = []

    init(seed: UInt64, number: UInt64) {
        var dice = Dice(state: seed &* 0x9E37_79B9_7F4A_7C15 ^ number &* 0xD134_2543_DE82_EF95)
        let spoils = dice.number(4) > 0
        file = Self.text(&dice, spoils)
        if dice.number(4) == 0 {
            included = Self.text(&dice, spoils)
            file += Array("\ninclude /x\n".utf8) + Self.text(&dice, spoils)
        }
        if dice.number(6) == 0 { standardInput = Self.text(&dice, spoils) }
        if dice.number(4) == 0 { options = (0..<dice.number(3)).map { _ in Self.line(&dice, spoils) } }
        if dice.number(3) == 0 {
            file += Array("\nsentinel state-file /s\n".utf8)
            if dice.number(2) == 0 {
                state = Self.text(&dice, spoils) + (dice.number(8) == 0 ? [] : StateText.end)
            }
        }
    }

    var description: String {
        """
        file: \(file.shown)
        standard input: \((standardInput ?? []).shown)
        options: \(options.map(\.shown))
        state: \((state ?? []).shown)
        included: \(included.shown)
        """
    }

    private static func text(_ dice: inout Dice, _ spoils: Bool) -> [UInt8] {
        var text: [UInt8] = []
        if dice.number(3) > 0 { text += Array("sentinel monitor m 127.0.0.1 6379 2\n".utf8) }
        for _ in 0..<dice.number(9) { text += line(&dice, spoils) + [0x0A] }
        guard spoils, !text.isEmpty else { return text }
        for _ in 0..<dice.number(4) where !text.isEmpty {
            let place = dice.number(text.count)
            switch dice.number(5) {
            case 0: text[place] = UInt8(dice.number(256))
            case 1: text.insert(interesting[dice.number(interesting.count)], at: place)
            case 2: text.remove(at: place)
            case 3: text.removeSubrange(place..<min(text.count, place + dice.number(20)))
            default: text += text[place..<min(text.count, place + dice.number(40))]
            }
        }
        return text
    }

    private static func line(_ dice: inout Dice, _ spoils: Bool) -> [UInt8] {
        // Most directives of the table mean nothing to a sentinel; those that do are worth more.
        let rows = dice.number(4) == 0 ? DirectiveTable.all : rowsWithEffect
        let row = rows[dice.number(rows.count)]
        var words: [Word] = row.scope == .server ? [] : [Array("sentinel".utf8)]
        words.append(Array(([row.name] + row.aliases)[dice.number(row.aliases.count + 1)].utf8))
        if row.scope == .master { words.append(Array((dice.number(4) > 0 ? "m" : "n").utf8)) }
        var values = (try? Grammar.words(of: Array(row.initial.utf8)[...])) ?? []
        if spoils || values.isEmpty {
            let count = dice.number(5) == 0 ? dice.number(7) : max(1, min(4, row.arguments.lowerBound))
            values = (0..<count).map { _ in self.values[dice.number(self.values.count)] }
        }
        var line = Grammar.text(of: words + values)
        if dice.number(12) == 0 { line = line.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 } }
        return line
    }

    private static let rowsWithEffect = DirectiveTable.all.filter { row in
        if case .kept = row.action { false } else { true }
    }

    private static let interesting: [UInt8] = [
        0x00, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x22, 0x23, 0x27, 0x2A, 0x2E, 0x5C, 0x78, 0x7F, 0x80, 0xC3, 0xFF,
    ]

    private static let values: [Word] =
        [
            "m", "n", "0", "1", "2", "-1", "6379", "65535", "65536", "2147483647", "2147483648", "9223372036854775807",
            "9223372036854775808", "18446744073709551615", "18446744073709551616", "99999999999999999999", "1kb", "1GB",
            "999999999999gb", "yes", "no", "127.0.0.1", "::1", "localhost", "no.such.invalid", "", " ", "a b", "\"",
            "'",
            "#x", "\\", "\\x", "é", "/n.sh", "/d", "*", "-::*", "on", "off", ">p", "#ab", "~*", "+@all", "default",
            "nopass",
            "0123456789012345678901234567890123456789", "abcdefabcdefabcdefabcdefabcdefabcdefabcd", "debug", "{title}",
            "{",
            "normal", "slave", "pubsub", "get", "ping", "+5", "05", "1.5", "nan", "inf", "1e400", "100%", "101%", "\t",
            "\n",
        ].map { Array($0.utf8) } + [[0xFF, 0xFE], [0x00]]
}

/// Numbers that depend on where it began alone.
struct Dice {
    var state: UInt64

    /// 0 up to, not including, `bound`, which is above 0.
    mutating func number(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}

extension [UInt8] {
    /// Readable, and exact.
    fileprivate var shown: String { String(decoding: Grammar.quoted(self), as: UTF8.self) }
}
