// SPDX-License-Identifier: Apache-2.0

import RESP
import Testing

@Suite struct `Quoted words` {
    /// - Source: spec/config-and-process.md 1; white space and corners as redis-server 7.0.15 treats them.
    @Test(
        arguments: [
            ("", []),
            (" \t\r\n\u{0B}\u{0C}", []),
            ("a", ["a"]),
            (" a  b\tc\rd\n", ["a", "b", "c", "d"]),
            ("a\u{0B}b\u{0C}", ["a\u{0B}b\u{0C}"]),
            ("\u{0B}a", ["a"]),
            (#""a"\#u{0B}b"#, ["a", "b"]),
            (#""" ''"#, ["", ""]),
            (#""a b" 'c d'"#, ["a b", "c d"]),
            (#"a"b c" d'e f'"#, ["ab c", "de f"]),
            (#""\n\r\t\b\a""#, ["\n\r\t\u{08}\u{07}"]),
            (#""\x41\x6a\x6A""#, ["Ajj"]),
            (#""\x" "\x4" "\x4g" "\xg" "\x\x41""#, ["x", "x4", "x4g", "xg", "xA"]),
            (#""\q\"\\\'""#, [#"q"\'"#]),
            (#"'a\'b' 'a\nb' '\\'' '"'"#, ["a'b", #"a\nb"#, #"\'"#, "\""]),
            (#"a\b\ c"#, [#"a\b\"#, "c"]),
            ("\"a\nb\"", ["a\nb"]),
        ] as [(String, [String])])
    func `are split as a shell would`(line: String, words: [String]) {
        #expect(QuotedWords.split(line.utf8) == words.map(bytes))
    }

    @Test(arguments: [
        "\"", "'", "a \"b", "a 'b", #""a\"#, #""a\""#, #"'a\'"#, #""a"b"#, "'a'b", "'a'\"b\"", #""\x4"#, #""\x"#,
        #"\"a"#,
    ])
    func `with unbalanced quotes are none`(line: String) {
        #expect(QuotedWords.split(line.utf8) == nil)
    }

    @Test func `hold any byte`() {
        #expect(QuotedWords.split(bytes(#""\x00\xfF""#)) == [[0, 0xFF]])
        #expect(QuotedWords.split([0x80, 0x20, 0x00]) == [[0x80], [0x00]])
    }
}
