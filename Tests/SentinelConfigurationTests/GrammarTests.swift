// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration
import Testing

import struct SentinelCore.SeededGenerator

@Suite struct `Words of a line` {
    @Test(arguments: [
        ("a b  c", ["a", "b", "c"]),
        ("  \t a\u{0B}b \u{0B}\u{0C}c\u{0C} ", ["a\u{0B}b", "c\u{0C}"]),
        (#"a "b c" 'd e'"#, ["a", "b c", "d e"]),
        (#"a"b c""#, ["ab c"]),
        (#""\n\r\t\b\a\x41\q\"\\""#, ["\n\r\t\u{8}\u{7}Aq\"\\"]),
        (#""\x4" "\xzz""#, ["x4", "xzz"]),
        (#"'it\'s \n'"#, [#"it's \n"#]),
        (#""" ''"#, ["", ""]),
        (#"a\b"#, [#"a\b"#]),
        ("timeout 5 # x", ["timeout", "5", "#", "x"]),
        ("", []),
    ])
    func `are split, unquoted and unescaped`(line: String, words: [String]) throws {
        #expect(try Grammar.words(of: bytes(line)[...]).map(text) == words)
    }

    @Test(arguments: [#"a "b"#, #"a 'b"#, #""a"b"#, #"'a'b"#, #"""a"#, #""a\"#, #"'a\'"#])
    func `are refused when quotes do not pair up`(line: String) {
        #expect(throws: UnbalancedQuotes()) { try Grammar.words(of: bytes(line)[...]) }
    }

    @Test(arguments: [
        (["a", "b"], "a b"), ([""], #""""#), (["a b"], #""a b""#), (["#a", "#b"], ##""#a" #b"##),
        (["\"", "\\", "'"], #""\"" "\\" "'""#), (["\u{7}\u{8}\t\n\r\u{0}"], #""\a\b\t\n\r\x00""#),
        (["é"], #""\xc3\xa9""#),
    ])
    func `are quoted only where they have to be`(words: [String], line: String) {
        #expect(text(Grammar.text(of: words.map(bytes))) == line)
    }

    @Test func `come back from their text, whatever bytes they hold`() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<3000 {
            let words: [Word] = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                let alphabet: ClosedRange<UInt8> = Bool.random(using: &generator) ? 0...255 : 0x1F...0x28
                return (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                    UInt8.random(in: alphabet, using: &generator)
                }
            }
            let line = Grammar.text(of: words)
            #expect(!line.contains(0x0A))
            #expect(!Grammar.isSilent(line[...]) && Grammar.trimmed(line[...]) == line[...])
            #expect(try Grammar.words(of: line[...]) == words)
        }
    }
}

@Suite struct `Lines` {
    @Test func `are trimmed and may be silent`() {
        #expect(Grammar.lines(of: bytes("a\n\nb")).map { text(Array($0)) } == ["a", "", "b"])
        #expect(Grammar.lines(of: bytes("a\n")).count == 2)
        #expect(text(Array(Grammar.trimmed(bytes(" \t a b \r")[...]))) == "a b")
        #expect(Grammar.isSilent(bytes("# a")[...]) && Grammar.isSilent([]) && !Grammar.isSilent(bytes("a")[...]))
    }
}
