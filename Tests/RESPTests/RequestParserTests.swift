// SPDX-License-Identifier: Apache-2.0

import RESP
import Testing

import struct SentinelCore.SeededGenerator

@Suite struct `Requests` {
    struct Good: Sendable, CustomTestStringConvertible {
        var input: String
        var requests: [[String]]

        var testDescription: String { input.debugDescription }

        init(_ input: String, _ requests: [String]...) { (self.input, self.requests) = (input, requests) }
    }

    /// - Source: spec/commands.md 8, and redis-server 7.0.15 asked on the wire.
    static let good: [Good] = [
        Good("*1\r\n$4\r\nPING\r\n", ["PING"]),
        Good("*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", ["ECHO", ""]),
        Good("*2\r\n$4\r\nECHO\r\n$6\r\n\r\n$1\r\n\r\n", ["ECHO", "\r\n$1\r\n"]),
        Good("*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n", ["a"], ["b"]),
        // Neither the byte after a header's CR nor the two after an argument are checked.
        Good("*1\rX$4\rXPINGxx", ["PING"]),
        // Zero or fewer arguments are no request.
        Good("*0\r\n*-1\r\n*-99999999999\r\n*1\r\n$1\r\na\r\n", ["a"]),
        Good("PING\r\n", ["PING"]),
        Good("PING\n", ["PING"]),
        Good("PING\r\r\n", ["PING"]),
        Good("  SET  a\tb\rc  \n", ["SET", "a", "b", "c"]),
        Good("\r\n\n  \r\n\u{0B}\u{0C}\nPING\n", ["PING"]),
        Good("\"\"\n", [""]),
        Good("a \"b c\" 'd e'\r\n*1\r\n$1\r\nf\r\ng\n", ["a", "b c", "d e"], ["f"], ["g"]),
        // A line that does not begin with a star is words, whatever it looks like.
        Good("$4\r\n", ["$4"]),
    ]

    struct Bad: Sendable, CustomTestStringConvertible {
        var input: [UInt8]
        var error: RequestError
        var message: String

        var testDescription: String {
            "\(error): \(String(decoding: input.prefix(30), as: UTF8.self).debugDescription)"
        }

        init(_ input: [UInt8], _ error: RequestError, _ message: String) {
            (self.input, self.error, self.message) = (input, error, message)
        }

        init(_ input: String, _ error: RequestError, _ message: String) { self.init(bytes(input), error, message) }
    }

    static let invalidCount = "ERR Protocol error: invalid multibulk length"
    static let invalidBulk = "ERR Protocol error: invalid bulk length"
    static let longLine = [UInt8](repeating: UInt8(ascii: "1"), count: 65536)

    static let bad: [Bad] = [
        Bad("*\r\n", .invalidCount, invalidCount),
        Bad("*-0\r\n", .invalidCount, invalidCount),
        Bad("*+1\r\n", .invalidCount, invalidCount),
        Bad("*01\r\n", .invalidCount, invalidCount),
        Bad("* 1\r\n", .invalidCount, invalidCount),
        Bad("*1x\r\n", .invalidCount, invalidCount),
        Bad("*2147483648\r\n", .invalidCount, invalidCount),
        Bad("*99999999999999999999\r\n", .invalidCount, invalidCount),
        Bad("*-99999999999999999999\r\n", .invalidCount, invalidCount),
        Bad("*1\r\nXa\r\n", .expectedBulk(got: 88), "ERR Protocol error: expected '$', got 'X'"),
        Bad("*1\r\n\r\n", .expectedBulk(got: 13), "ERR Protocol error: expected '$', got '\r'"),
        Bad("*1\r\n*1\r\n", .expectedBulk(got: 42), "ERR Protocol error: expected '$', got '*'"),
        Bad(bytes("*1\r\n") + [0xFF, 13, 10], .expectedBulk(got: 0xFF), "ERR Protocol error: expected '$', got 'ÿ'"),
        Bad("*1\r\n$\r\n", .invalidBulkLength, invalidBulk),
        Bad("*1\r\n$-1\r\n", .invalidBulkLength, invalidBulk),
        Bad("*1\r\n$-0\r\n", .invalidBulkLength, invalidBulk),
        Bad("*1\r\n$00\r\n", .invalidBulkLength, invalidBulk),
        Bad("*1\r\n$x\r\n", .invalidBulkLength, invalidBulk),
        Bad("*1\r\n$536870913\r\n", .invalidBulkLength, invalidBulk),
        Bad("*1\r\n$9223372036854775808\r\n", .invalidBulkLength, invalidBulk),
        Bad("*2\r\n$1\r\na\r\n$-1\r\n", .invalidBulkLength, invalidBulk),
        Bad("a \"b\r\n", .unbalancedQuotes, "ERR Protocol error: unbalanced quotes in request"),
        Bad("a \"b\"c\r\n", .unbalancedQuotes, "ERR Protocol error: unbalanced quotes in request"),
        Bad(longLine + [49], .inlineTooLong, "ERR Protocol error: too big inline request"),
        Bad(bytes("*") + longLine, .countLineTooLong, "ERR Protocol error: too big mbulk count string"),
        Bad(bytes("*1\r\n$") + longLine, .bulkLineTooLong, "ERR Protocol error: too big bulk count string"),
    ]

    @Test(arguments: good)
    func `are read however the bytes are cut`(example: Good) {
        let input = bytes(example.input)
        let expected = example.requests.map { $0.map(bytes) }
        #expect(requests([input]) == Outcome(items: expected))
        #expect(requests(single(input)) == Outcome(items: expected))
        let trailing = bytes("*1\r\n$4\r\nlast\r\n*1\r\n$4\r\nPI")
        #expect(requests([input + trailing]) == Outcome(items: expected + [[bytes("last")]]))
    }

    @Test(arguments: good)
    func `are not complete before their last byte`(example: Good) {
        let outcome = requests([bytes(example.input).dropLast()])
        #expect(outcome.items.count < example.requests.count)
        #expect(outcome.failure == nil)
    }

    @Test(arguments: bad)
    func `break the protocol in ways that have their own text`(example: Bad) {
        #expect(example.error.message == example.message)
        #expect(requests([example.input]) == Outcome(failure: example.error))
        #expect(requests(single(example.input)) == Outcome(failure: example.error))
        #expect(requests([example.input + bytes("\r\nPING\r\n")]) == Outcome(failure: example.error))
        #expect(
            requests([bytes("PING\r\n") + example.input]) == Outcome(items: [[bytes("PING")]], failure: example.error))
    }

    @Test func `at the limits are accepted`() {
        #expect(requests([Self.longLine]) == Outcome())
        #expect(requests([Self.longLine + [10]]) == Outcome(items: [[Self.longLine]]))
        #expect(requests([bytes("*") + Self.longLine.dropLast()]) == Outcome())
        #expect(requests([bytes("*1\r\n$") + Self.longLine.dropLast()]) == Outcome())
        #expect(requests([bytes("*2147483647\r\n")]) == Outcome())
        #expect(requests([bytes("*1\r\n$536870912\r\n")]) == Outcome())
    }

    @Test func `too long are refused although their end is there`() {
        #expect(requests([Self.longLine + bytes("1\n")]) == Outcome(failure: .inlineTooLong))
    }

    @Test(arguments: [
        ("*11\r\n", RequestError.unauthenticatedCount, "ERR Protocol error: unauthenticated multibulk length"),
        ("*1\r\n$16385\r\n", .unauthenticatedBulkLength, "ERR Protocol error: unauthenticated bulk length"),
        ("*2147483648\r\n", .invalidCount, invalidCount),
        ("*1\r\n$536870913\r\n", .invalidBulkLength, invalidBulk),
    ])
    func `before authentication have smaller limits`(input: String, error: RequestError, message: String) {
        let limits = RequestLimits(isAuthenticationRequired: true)
        #expect(error.message == message)
        #expect(requests([bytes(input)], limits) == Outcome(failure: error))
        #expect(requests(single(bytes(input)), limits) == Outcome(failure: error))
    }

    @Test func `before authentication are accepted at those limits`() {
        let limits = RequestLimits(isAuthenticationRequired: true)
        for input in ["*10\r\n", "*-1\r\n", "*1\r\n$16384\r\n"] {
            #expect(requests([bytes(input)], limits) == Outcome())
        }
        let words = Array(repeating: bytes("a"), count: 12)
        #expect(requests([bytes("a a a a a a a a a a a a\n")], limits) == Outcome(items: [words]))
    }

    @Test func `see changed limits from the next header on`() throws {
        var parser = RequestParser(limits: RequestLimits(isAuthenticationRequired: true))
        var request = Request()
        parser.append(bytes("AUTH x\r\n*11\r\n"))
        #expect(try parser.next(into: &request))
        parser.limits.isAuthenticationRequired = false
        #expect(try !parser.next(into: &request))
        parser.limits.maxBulkLength = 3
        parser.append(bytes("$4\r\n"))
        #expect(throws: RequestError.invalidBulkLength) { try parser.next(into: &request) }
    }

    @Test func `after an error stay failed and hold nothing`() {
        var parser = RequestParser()
        var request = Request([bytes("before")])
        parser.append(bytes("*x\r\nPING\r\n"))
        for _ in 0..<3 {
            #expect(throws: RequestError.invalidCount) { try parser.next(into: &request) }
            parser.append(bytes("PING\r\n"))
            #expect(parser.bufferedBytes == 0)
        }
        #expect(request.arguments == [bytes("before")])
    }

    @Test func `keep the unexpected byte as it came`() {
        let error = RequestError.expectedBulk(got: 0xFF)
        #expect(error.messageBytes == bytes("ERR Protocol error: expected '$', got '") + [0xFF, UInt8(ascii: "'")])
        #expect(RequestError.invalidCount.messageBytes == bytes(Self.invalidCount))
    }
}

@Suite struct `Memory for requests` {
    @Test func `is not reserved for what is only announced`() throws {
        var parser = RequestParser()
        var request = Request()
        parser.append(bytes("*2147483647\r\n$536870912\r\nabc"))
        #expect(try !parser.next(into: &request))
        #expect(parser.bufferedBytes == 3)
    }

    @Test func `counts what waits, read or not`() throws {
        var parser = RequestParser()
        var request = Request()
        parser.append(bytes("PING\r\nPI"))
        #expect(parser.bufferedBytes == 8)
        #expect(try parser.next(into: &request))
        #expect(parser.bufferedBytes == 2)
        parser.append(bytes("NG\r\n"))
        #expect(try parser.next(into: &request))
        #expect(parser.bufferedBytes == 0)
    }

    @Test func `of a large argument arriving in pieces is the argument`() throws {
        let piece = [UInt8](repeating: 7, count: 4096)
        var parser = RequestParser()
        var request = Request()
        parser.append(bytes("*2\r\n$3\r\nSET\r\n$4194304\r\n"))
        for number in 1...1024 {
            parser.append(piece)
            #expect(try !parser.next(into: &request))
            #expect(parser.bufferedBytes < number * 4096 + 64)
        }
        parser.append(bytes("\r"))
        #expect(try !parser.next(into: &request))
        parser.append(bytes("\n"))
        #expect(try parser.next(into: &request))
        #expect(request.count == 2)
        #expect(request[1].count == 4_194_304)
        #expect(parser.bufferedBytes == 0)
    }
}

@Suite struct `Generated requests` {
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `come out as they went in, wherever they are cut`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var encoder = Encoder()
        var expected: [[[UInt8]]] = []
        for _ in 0..<50 {
            let words = (0..<Int.random(in: 1...6, using: &generator)).map { _ in generator.bytes(0...20) }
            encoder.command(words)
            expected.append(words)
        }
        let input = encoder.takeBytes()
        for size in [1, 3, 40, 4000] {
            #expect(requests(generator.pieces(of: input, upTo: size)) == Outcome(items: expected))
        }
    }

    @Test func `of garbage end in requests, an error or the wish for more`() {
        var generator = SeededGenerator(seed: 4711)
        let alphabet = bytes("**$$\r\n\r\n\r\n01122-+ \"'\\xaPING") + [0, 0xFF]
        var failures = 0
        for number in 0..<20_000 {
            let input = generator.bytes(0...40, from: number.isMultiple(of: 4) ? nil : alphabet)
            let whole = requests([input])
            let cut = requests(generator.pieces(of: input, upTo: 5))
            if whole != cut { Issue.record("cut differently: \(input)") }
            if whole.failure != nil { failures += 1 }
        }
        #expect(failures > 1000 && failures < 19_000)
    }

    @Test func `with one byte changed never trap`() {
        var generator = SeededGenerator(seed: 99)
        var encoder = Encoder()
        encoder.command(["SENTINEL", "is-master-down-by-addr", "127.0.0.1", "6379", "12", "*"])
        encoder.command(["PING"])
        let input = encoder.takeBytes()
        for _ in 0..<3000 {
            var changed = input
            changed[Int.random(in: 0..<input.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            let whole = requests([changed])
            if whole != requests(generator.pieces(of: changed, upTo: 9)) { Issue.record("cut differently: \(changed)") }
        }
    }
}

@Suite struct `A request` {
    let request = Request([bytes("SENTINEL"), bytes(""), [0xFF, 0x41], bytes("Get@[")])

    @Test func `gives its arguments as bytes and as text`() {
        #expect(request.count == 4)
        #expect(!request.isEmpty)
        #expect(Array(request[0]) == bytes("SENTINEL"))
        #expect(request[1].isEmpty)
        #expect(request.text(2) == "\u{FFFD}A")
        #expect(request.arguments == [bytes("SENTINEL"), [], [0xFF, 0x41], bytes("Get@[")])
        #expect(Request().isEmpty)
    }

    @Test func `matches words in any case`() {
        #expect(request.matches(0, "sentinel"))
        #expect(request.matches(1, ""))
        #expect(request.matches(3, "get@["))
    }

    @Test func `does not match others, nor beyond its end`() {
        #expect(!request.matches(0, "sentine"))
        #expect(!request.matches(0, "sentinels"))
        #expect(!request.matches(0, "sentinex"))
        #expect(!request.matches(3, "get`{"))
        #expect(!request.matches(4, ""))
    }
}

@Suite struct `Strict decimals` {
    @Test(arguments: ["0", "1", "-1", "10", "9223372036854775807", "-9223372036854775808"])
    func `are integers`(text: String) {
        #expect(Int(strictDecimal: text.utf8) == Int(text))
    }

    @Test(arguments: [
        "", "-", "+1", "01", "-0", "-01", "00", " 1", "1 ", "1a", "0x1", "--1", "9223372036854775808",
        "-9223372036854775809", "99999999999999999999999",
    ])
    func `are nothing else`(text: String) {
        #expect(Int(strictDecimal: text.utf8) == nil)
    }
}
