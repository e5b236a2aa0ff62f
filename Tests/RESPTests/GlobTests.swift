// SPDX-License-Identifier: Apache-2.0

import RESP
import Testing

import struct SentinelCore.SeededGenerator

@Suite struct `A glob` {
    /// The corners agree with `KEYS` of redis-server 7.0.15.
    @Test(arguments: [
        ("", ""), ("*", ""), ("***", "abc"), ("a*c", "ac"), ("a*c", "abcbc"), ("*a*b*", "xaybz"), ("h?llo", "hello"),
        ("h[ae]llo", "hallo"), ("[^x]", "y"), ("[a-c]", "b"), ("[c-a]", "b"), ("[-+]", "-"), ("[-+]", "+"),
        ("[+-]", "+"), (#"\*"#, "*"), (#"\a"#, "a"), (#"a\"#, #"a\"#), (#"[\]]"#, "]"), (#"[\^]"#, "^"),
        ("[ab", "b"), ("[a-", "-"), (#"[a\"#, #"\"#), ("[^]", "x"), ("[^a", "b"), ("[a-]", "_"), ("^", "^"),
        ("mymaster*", "mymaster"), ("[*?]", "?"),
    ])
    func `matches`(pattern: String, text: String) {
        #expect(Glob.matches(pattern: pattern.utf8, text: text.utf8))
    }

    @Test(arguments: [
        ("", "a"), ("a", ""), ("?", ""), ("a*c", "acb"), ("h?llo", "hllo"), ("[^x]", "x"), ("[a-c]", "d"), ("[]", "]"),
        ("[]", ""), ("[]a]", "a]"), ("[", "["), ("[", ""), (#"\*"#, "a"), (#"\"#, ""), ("*a", "ab"), ("a", "A"),
        ("[a-z]", "B"), ("[^", ""),
    ])
    func `does not match`(pattern: String, text: String) {
        #expect(!Glob.matches(pattern: pattern.utf8, text: text.utf8))
    }

    @Test func `ignores case where told to`() {
        for (pattern, text) in [("HeLLo*", "hEllo"), ("[A-C]", "b"), ("[a-c]", "B"), (#"\A"#, "a"), (#"[\A]"#, "a")] {
            #expect(Glob.matches(pattern: pattern.utf8, text: text.utf8, ignoringCase: true))
            #expect(!Glob.matches(pattern: pattern.utf8, text: text.utf8))
        }
        #expect(!Glob.matches(pattern: "[^A]".utf8, text: "a".utf8, ignoringCase: true))
        #expect(!Glob.matches(pattern: "@".utf8, text: "`".utf8, ignoringCase: true))
    }

    @Test(.timeLimit(.minutes(1)))
    func `does not blow up`() {
        let pattern = String(repeating: "a*", count: 50) + "b"
        let text = String(repeating: "a", count: 500)
        #expect(!Glob.matches(pattern: pattern.utf8, text: text.utf8))
        #expect(Glob.matches(pattern: pattern.utf8, text: (text + "b").utf8))
    }

    @Test func `agrees with the obvious version`() {
        var generator = SeededGenerator(seed: 42)
        var matched = 0
        for _ in 0..<60_000 {
            let pattern = generator.bytes(0...8, from: bytes(#"aabcB-]\^[[**?"#))
            let text = generator.bytes(0...5, from: bytes(#"aabcAB-]\^[*?"#))
            let ignoringCase = Bool.random(using: &generator)
            let expected = obvious(pattern[...], text[...], ignoringCase)
            if Glob.matches(pattern: pattern, text: text, ignoringCase: ignoringCase) != expected {
                Issue.record("\(pattern) \(text) \(ignoringCase)")
            }
            if expected { matched += 1 }
        }
        #expect(matched > 1000)
    }

    /// Tries everything.
    private func obvious(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>, _ ignoringCase: Bool) -> Bool {
        func fold(_ byte: UInt8) -> UInt8 { ignoringCase && (65...90).contains(byte) ? byte + 32 : byte }
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == UInt8(ascii: "*") {
            return (0...text.count).contains { obvious(rest, text.dropFirst($0), ignoringCase) }
        }
        guard let byte = text.first.map(fold) else { return false }
        let after = text.dropFirst()
        switch first {
        case UInt8(ascii: "?"): return obvious(rest, after, ignoringCase)
        case UInt8(ascii: "\\") where !rest.isEmpty:
            return rest.first.map(fold) == byte && obvious(rest.dropFirst(), after, ignoringCase)
        case UInt8(ascii: "["):
            let (members, tail) = members(of: rest, fold)
            return members.contains(byte) && obvious(tail, after, ignoringCase)
        default: return fold(first) == byte && obvious(rest, after, ignoringCase)
        }
    }

    /// All bytes of a class, and the pattern behind it.
    private func members(
        of pattern: ArraySlice<UInt8>, _ fold: (UInt8) -> UInt8
    ) -> (Set<UInt8>, ArraySlice<UInt8>) {
        var rest = Array(pattern)
        let isNegated = rest.first == UInt8(ascii: "^")
        if isNegated { rest.removeFirst() }
        var members: Set<UInt8> = []
        while !rest.isEmpty, rest[0] != UInt8(ascii: "]") {
            if rest[0] == UInt8(ascii: "\\"), rest.count > 1 {
                members.insert(fold(rest[1]))
                rest.removeFirst(2)
            } else if rest.count > 2, rest[1] == UInt8(ascii: "-") {
                let ends = [fold(rest[0]), fold(rest[2])].sorted()
                members.formUnion(ends[0]...ends[1])
                rest.removeFirst(3)
            } else {
                members.insert(fold(rest[0]))
                rest.removeFirst()
            }
        }
        return (isNegated ? Set(UInt8.min ... .max).subtracting(members) : members, rest.dropFirst())
    }
}
