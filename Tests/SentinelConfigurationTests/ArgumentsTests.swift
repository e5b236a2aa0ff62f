// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration
import Testing

@Suite struct `Command line` {
    /// - Source: spec/config-and-process.md 4, and what Debian's redis-sentinel 7.0.15 does with the same words.
    @Test(arguments: [
        (["f", "--port", "abc"], ["port \"abc\""]),
        (["f", "--port"], ["port"]),
        (["f", "--timeout", "1", "2"], [#"timeout "1" "2""#]),
        (
            ["f", "--sentinel", "monitor", "m", "127.0.0.1", "6379", "0"],
            [#"sentinel "monitor" "m" "127.0.0.1" "6379" "0""#]
        ),
        (["f", "--port", "1", "--loglevel"], [#"port "1""#, "loglevel"]),
        (["f", "--timeout", "--port", "5"], [#"timeout "--port" "5""#]),
        (["f", "--sentinel", "--port", "1", "--x"], ["sentinel", #"port "1""#, "x"]),
        (["f", "--port", "1", "--sentinel", "--x"], [#"port "1""#, "sentinel", "x"]),
        (["f", "--save", "--port", "x"], ["save", #"port "x""#]),
        (["f", "--save", "", "--z", "x"], [#"save """#, #"z "x""#]),
        (["f", "--port abc", "--x"], ["port abc", "x"]),
        (["f", "--port 3 --x", "--y"], ["port 3 --x", "y"]),
        (["f", "foo", "--x"], [#""foo""#, "x"]),
        (["f", "-x", "1"], [#""-x" "1""#]),
        (["f", "--bind", "-::1", "--port", "x"], [#"bind "-::1""#, #"port "x""#]),
        (["f", "--port", "5\n6"], [#"port "5\n6""#]),
        (["f", "--", "x"], [#""x""#]),
        (["f", "-", "--port", "x"], [#""-""#, #"port "x""#]),
    ])
    func `options become lines`(arguments: [String], lines: [String]) {
        guard case .run(let invocation) = Arguments.parse(arguments) else {
            Issue.record("not an invocation")
            return
        }
        #expect(invocation.file == "f")
        #expect(!invocation.readsStandardInput)
        #expect(invocation.options.map(text) == lines)
    }

    @Test(arguments: [(["f", "--port", "x", "-"], "f"), (["-", "--port", "x"], nil), (["-"], nil)])
    func `a dash at either end reads standard input`(arguments: [String], file: String?) {
        guard case .run(let invocation) = Arguments.parse(arguments) else {
            Issue.record("not an invocation")
            return
        }
        #expect(invocation.readsStandardInput && invocation.file == file)
        #expect(invocation.options.map(text) == (arguments.count > 1 ? [#"port "x""#] : []))
    }

    private static let secrets: [(arguments: [String], positions: Set<Int>)] = [
        (["f", "--requirepass", "x"], [3]),
        (["f", "--requirepass", "--x", "--port", "1"], [3]),
        (["f", "--requirepass x", "--port", "1"], [2]),
        (["f", "--sentinel", "auth-pass", "m", "x", "--port", "1"], [5]),
        (["f", "--sentinel", "auth-pass", "x"], [4]), (["f", "--sentinel", "auth-pass", "x", "--port", "1"], [4]),
        (["f", "--user", "u", "on", ">x", "~*"], [4, 5, 6]),
        (["f", "--port", "1", "--dir", "/"], []),
        (["-", "--requirepass", "x"], [3]),
    ]

    @Test(arguments: secrets)
    func `the positions of passwords are known`(arguments: [String], positions: Set<Int>) {
        guard case .run(let invocation) = Arguments.parse(arguments) else {
            Issue.record("not an invocation")
            return
        }
        #expect(invocation.secretPositions == positions)
    }

    @Test func `an option in front leaves no file`() {
        guard case .run(let invocation) = Arguments.parse(["--sentinel", "f"]) else {
            Issue.record("not an invocation")
            return
        }
        #expect(invocation.file == nil && invocation.options.map(text) == [#"sentinel "f""#])
    }

    @Test func `no argument leaves nothing to read`() {
        guard case .run(let invocation) = Arguments.parse([]) else {
            Issue.record("not an invocation")
            return
        }
        #expect(invocation.file == nil && invocation.options.isEmpty)
        #expect(!invocation.readsStandardInput && invocation.secretPositions.isEmpty)
    }

    @Test func `version, help and check`() {
        #expect(Arguments.parse(["-v", "x"]) == .showVersion && Arguments.parse(["--version"]) == .showVersion)
        #expect(Arguments.parse(["-h"]) == .showHelp && Arguments.parse(["--help"]) == .showHelp)
        for arguments in [["--check-config", "f"], ["f", "--check-config"]] {
            guard case .checkConfiguration(let invocation) = Arguments.parse(arguments) else {
                Issue.record("not a check")
                continue
            }
            #expect(invocation.file == "f" && invocation.options.isEmpty)
        }
    }
}
