// SPDX-License-Identifier: Apache-2.0

import Testing

import struct SentinelCore.SeededGenerator

@testable import AccessControl

/// One line of `RecordedRuleSets`.
struct RecordedRuleSet: CustomTestStringConvertible {
    let modifiers: [String]
    let answer: String
    var testDescription: String { modifiers.joined(separator: " ; ") }

    static func all(_ recorded: String) -> [RecordedRuleSet] {
        recorded.split(separator: "\n").map { line in
            let (rules, answer) = cut(unfolded(String(line)), at: " => ")
            return RecordedRuleSet(modifiers: words(rules), answer: answer)
        }
    }

    /// The answer without what may be the hash of a password, or one that was taken for a hash: that we do not repeat.
    var answerWithoutHashes: String {
        modifiers.reduce(answer) { answer, modifier in
            for (start, end) in [("#", ""), ("!", ""), ("(#", ")")] where modifier.hasPrefix(start) {
                return Self.replace("'\(modifier)'", with: "'\(start)******\(end)'", in: answer)
            }
            return answer
        }
    }

    private static func words(_ rules: String) -> [String] {
        let (first, rest) = cut(rules, at: " ; ")
        return [first] + (rest.isEmpty ? [] : words(rest))
    }

    /// What stands before the separator and behind it; all and nothing if it isn't there.
    private static func cut(_ text: String, at separator: String) -> (String, String) {
        let (text, separator) = (Array(text.utf8), Array(separator.utf8))
        for start in text.indices where text[start...].starts(with: separator) {
            let parts = (text[..<start], text[(start + separator.count)...])
            return (String(decoding: parts.0, as: UTF8.self), String(decoding: parts.1, as: UTF8.self))
        }
        return (String(decoding: text, as: UTF8.self), "")
    }

    private static func unfolded(_ line: String) -> String {
        [
            "{empty}": PasswordHash(of: []).hexadecimal, "{hash of a}": PasswordHash(of: bytes("a")).hexadecimal,
            "{hash of b}": PasswordHash(of: bytes("b")).hexadecimal, "{64 a}": String(repeating: "a", count: 64),
            "{64 b}": String(repeating: "b", count: 64), "{keys}": RuleProblem.keyAfterAll.text,
            "{channels}": RuleProblem.channelAfterAll.text, "{hash}": RuleProblem.badHash.text,
            "{modifier}": "ERR Error in ACL SETUSER modifier",
        ].reduce(line) { replace($1.key, with: $1.value, in: $0) }
    }

    private static func replace(_ token: String, with value: String, in text: String) -> String {
        let (before, after) = cut(text, at: token)
        return before == text ? text : before + value + replace(token, with: value, in: after)
    }
}

@Suite struct `Rules` {
    /// - Source: spec/commands.md 4.6.
    @Test(arguments: RecordedRuleSet.all(RecordedRuleSets.alike + "\n" + RecordedRuleSets.newer))
    func `are shown as the original shows them`(recorded: RecordedRuleSet) throws {
        var users = Users()
        try users.set("t", all: recorded.modifiers)
        #expect(try users.line("t") == "user t " + recorded.answer)
        // What is shown makes the same user again.
        let again = try UserFile.users(text: UserFile.text(users), path: "f")
        #expect(again == users)
    }

    @Test(arguments: RecordedRuleSet.all(RecordedRuleSets.refused))
    func `are refused as the original refuses them`(recorded: RecordedRuleSet) throws {
        var users = try Users.with("t", "on", "+info")
        let before = users
        #expect(refusal { try users.set("t", all: recorded.modifiers) } == recorded.answerWithoutHashes)
        #expect(users == before)
    }

    @Test func `are all applied or none`() throws {
        var users = Users()
        #expect(refusal { try users.set("t", "on", ">a", "+@all", "foo") } != nil)
        #expect(users == Users())
    }

    @Test func `know the names beyond the original's`() throws {
        let users = try Users.with("t", "+sentinel|primary", "+quit", "+RESET")
        #expect(try users.line("t") == "user t off sanitize-payload resetchannels -@all +sentinel|primary +quit +reset")
    }

    @Test func `about one of two names are shown as they were given`() throws {
        var users = try Users.with("u", "+@all", "-sentinel|masters", "-sentinel|primary")
        #expect(try users.line("u").hasSuffix(" +@all -sentinel|masters -sentinel|primary"))
        try users.set("u", "+sentinel|primaries", "-sentinel|primaries", "+sentinel|master")
        let words = "-sentinel|masters -sentinel|primary -sentinel|primaries +sentinel|master"
        #expect(try users.line("u").hasSuffix(" +@all \(words)"))
        #expect(try users.verdict("u", "sentinel", "primary", "m") == .allowed)
        #expect(try users.verdict("u", "sentinel", "masters") != .allowed)
        #expect(try UserFile.users(text: UserFile.text(users), path: "f") == users)
    }

    @Test(arguments: ["a b", "a␀b", "a␉b", "a␊"])
    func `need a name without separators`(name: String) {
        var users = Users()
        #expect(
            refusal { try users.set(real(name), "on") } == "ERR Usernames can't contain spaces or null characters")
        #expect(refusal { try users.set("", "on") } == nil)
    }

    @Test(arguments: [
        ("~a␀b", "~a", RuleProblem.syntax), ("&a␊b", "&a␊b", .syntax), ("foo␀bar", "foo", .syntax),
        ("+a␊b", "+a␊b", .unknownCommand), ("+ping|x y", "+ping|x y", .syntax),
    ])
    func `can't hold separators`(modifier: String, shown: String, problem: RuleProblem) {
        var users = Users()
        let error = "ERR Error in ACL SETUSER modifier '\(real(shown))': \(problem.text)"
        #expect(refusal { try users.set("t", real(modifier)) } == error)
    }

    @Test func `repeat any other bytes`() {
        var users = Users()
        var reply: [UInt8] = []
        do throws(UsersError) {
            try users.set(UserName("t"), [[0xFF, 0x80][...]])
        } catch {
            reply = error.reply
        }
        #expect(reply == bytes("ERR Error in ACL SETUSER modifier '") + [0xFF, 0x80] + bytes("': Syntax error"))
    }

    @Test func `are given to the fields of GETUSER`() throws {
        let users = try Users.with(
            "t", "on", ">a", "%R~a", "~b", "&c", "+@all", "-client", "+client|id", "(+ping ~a)", "(allkeys &x &y)")
        let fields = try users.user("t").fields
        #expect(fields.flags == ["on", "sanitize-payload"])
        #expect(fields.passwords == [PasswordHash(of: bytes("a")).hexadecimal])
        let shown = ([fields.permissions] + fields.selectors).map {
            [text($0.commands), text($0.keys), text($0.channels)]
        }
        #expect(
            shown == [
                ["+@all -client +client|id", "%R~a ~b", "&c"], ["-@all +ping", "~a", ""], ["-@all", "~*", "&x &y"],
            ])
    }

    @Test func `begin with all channels where the configuration says so`() throws {
        var users = Users(hearAllByDefault: true)
        try users.set("c")
        try users.set("c", "resetchannels", "reset", "()")
        #expect(try users.line("c") == "user c off sanitize-payload &* -@all (&* -@all)")
        #expect(refusal { try users.set("c", "(&a)") }?.contains(RuleProblem.channelAfterAll.text) == true)
    }

    /// The words can be quoted one by one where a file's lines are read with quotes.
    @Test func `keep quotes in patterns`() throws {
        let users = try Users.with("q\"u", "~k\"x", "&c\"x")
        #expect(
            try users.user("q\"u").words.map(text) == [
                "user", "q\"u", "off", "sanitize-payload", "~k\"x", "resetchannels", "&c\"x", "-@all",
            ])
    }

    /// Whatever comes in, it is applied whole and can be read back, or refused whole.
    @Test func `of any kind are read back or refused`() throws {
        let pieces = [
            "+", "-", "@", "|", "ping", "client", "kill", "all", "fast", "x", "(", ")", " ", "~", "%", "R", "W", "&",
            "*",
            ">", "<", "#", "!", "on", "off", "reset", "+@all", "-@all", "+client", "-client|id", "(+ping", "~a)",
            "nopass",
            "\0", "\n", "allkeys", "&a", "~b", "",
        ]
        var generator = SeededGenerator(seed: 7)
        var applied = 0
        for _ in 0..<20_000 {
            var modifiers: [String] = []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                var modifier = ""
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    modifier += pieces.randomElement(using: &generator) ?? ""
                }
                modifiers.append(modifier)
            }
            var users = Users()
            if refusal({ try users.set("t", all: modifiers) }) == nil {
                applied += 1
                let again = try UserFile.users(text: UserFile.text(users), path: "f")
                if again != users { Issue.record("\(modifiers)") }
            } else if users != Users() {
                Issue.record("\(modifiers)")
            }
        }
        #expect(applied > 1000)
    }
}
