// SPDX-License-Identifier: Apache-2.0

import RESP
import TestSupport
import Testing

import struct SentinelCore.SeededGenerator

@Suite struct `Replies` {
    static let good: [(String, Value)] = [
        ("+OK\r\n", .simple("OK")),
        ("+\r\n", .simple("")),
        ("+a\rb\r\n", .simple("a\rb")),
        ("-ERR no\r\n", .error("ERR no")),
        (":12\r\n", .integer(12)),
        (":-9223372036854775808\r\n", .integer(.min)),
        (":+007\r\n", .integer(7)),
        ("$0\r\n\r\n", .bulk("")),
        ("$5\r\na\r\nbc\r\n", .bulk("a\r\nbc")),
        ("$-1\r\n", .null),
        ("*-1\r\n", .null),
        ("_\r\n", .null),
        ("*0\r\n", .array([])),
        ("%0\r\n", .map([])),
        ("*2\r\n*0\r\n*1\r\n$-1\r\n", .array([.array([]), .array([.null])])),
        ("%1\r\n+a\r\n%1\r\n:1\r\n_\r\n", .map([.init(.simple("a"), .map([.init(.integer(1), .null)]))])),
        ("~1\r\n#t\r\n", .set([.boolean(true)])),
        (">2\r\n#f\r\n*0\r\n", .push([.boolean(false), .array([])])),
        (",1.5\r\n", .double(1.5)),
        (",-1e3\r\n", .double(-1000)),
        (",10\r\n", .double(10)),
        (",inf\r\n", .double(.infinity)),
        (",-inf\r\n", .double(-.infinity)),
        (
            "(-3492890328409238509324850943850943825024385\r\n",
            .bigNumber(bytes("-3492890328409238509324850943850943825024385"))
        ),
        ("=8\r\ntxt:a\r\nb\r\n", .verbatim(bytes("a\r\nb"), format: bytes("txt"))),
        ("=4\r\nmkd:\r\n", .verbatim([], format: bytes("mkd"))),
        ("!6\r\nERR \r\n\r\n", .blobError(bytes("ERR \r\n"))),
        // Attributes are dropped wherever they stand, and count for nothing.
        ("|1\r\n+k\r\n*1\r\n:1\r\n+OK\r\n", .simple("OK")),
        ("|0\r\n|0\r\n+OK\r\n", .simple("OK")),
        ("*2\r\n|1\r\n+k\r\n|1\r\n+l\r\n+m\r\n+v\r\n:1\r\n|0\r\n:2\r\n", .array([.integer(1), .integer(2)])),
    ]

    static let bad: [(String, ReplyError)] = [
        ("?\r\n", .unknownType(UInt8(ascii: "?"))),
        ("\r\n", .missingLineEnd),
        ("\n", .missingLineEnd),
        ("+\n", .missingLineEnd),
        ("+OK\n", .missingLineEnd),
        ("$1\r\nabc", .missingLineEnd),
        ("$1\r\na\rb", .missingLineEnd),
        (":\r\n", .malformed(type: UInt8(ascii: ":"))),
        (":-\r\n", .malformed(type: UInt8(ascii: ":"))),
        (":1.5\r\n", .malformed(type: UInt8(ascii: ":"))),
        (":9223372036854775808\r\n", .malformed(type: UInt8(ascii: ":"))),
        ("_x\r\n", .malformed(type: UInt8(ascii: "_"))),
        ("#\r\n", .malformed(type: UInt8(ascii: "#"))),
        ("#true\r\n", .malformed(type: UInt8(ascii: "#"))),
        (",\r\n", .malformed(type: UInt8(ascii: ","))),
        (",0x10\r\n", .malformed(type: UInt8(ascii: ","))),
        (",infinity\r\n", .malformed(type: UInt8(ascii: ","))),
        (",1e\r\n", .malformed(type: UInt8(ascii: ","))),
        ("(\r\n", .malformed(type: UInt8(ascii: "("))),
        ("(12a\r\n", .malformed(type: UInt8(ascii: "("))),
        ("=3\r\ntxt\r\n", .malformed(type: UInt8(ascii: "="))),
        ("=4\r\ntxta\r\n", .malformed(type: UInt8(ascii: "="))),
        ("$\r\n", .invalidLength(type: UInt8(ascii: "$"))),
        ("$-2\r\n", .invalidLength(type: UInt8(ascii: "$"))),
        ("$?\r\n", .invalidLength(type: UInt8(ascii: "$"))),
        ("$67108865\r\n", .invalidLength(type: UInt8(ascii: "$"))),
        ("$99999999999999999999\r\n", .invalidLength(type: UInt8(ascii: "$"))),
        ("=-1\r\n", .invalidLength(type: UInt8(ascii: "="))),
        ("!-1\r\n", .invalidLength(type: UInt8(ascii: "!"))),
        ("*-2\r\n", .invalidLength(type: UInt8(ascii: "*"))),
        ("*?\r\n", .invalidLength(type: UInt8(ascii: "*"))),
        ("%-1\r\n", .invalidLength(type: UInt8(ascii: "%"))),
        ("~-1\r\n", .invalidLength(type: UInt8(ascii: "~"))),
        (">-1\r\n", .invalidLength(type: UInt8(ascii: ">"))),
        ("*1048577\r\n", .tooManyElements),
        ("%524289\r\n", .tooManyElements),
        ("%9223372036854775807\r\n", .tooManyElements),
        ("|9223372036854775807\r\n", .tooManyElements),
        ("*1048576\r\n*1\r\n", .tooManyElements),
        (String(repeating: "*1\r\n", count: 33), .tooDeep),
        (String(repeating: "|1\r\n", count: 33), .tooDeep),
    ]

    @Test(arguments: good)
    func `are read however the bytes are cut`(input: String, value: Value) {
        #expect(replies([bytes(input)]) == Outcome(items: [value]))
        #expect(replies(single(bytes(input))) == Outcome(items: [value]))
        #expect(replies([bytes(input + "+last\r\n$3\r\nab")]) == Outcome(items: [value, .simple("last")]))
        #expect(replies([bytes(input).dropLast()]) == Outcome())
    }

    @Test(arguments: bad)
    func `break the protocol in ways that are told apart`(input: String, error: ReplyError) {
        #expect(replies([bytes(input)]) == Outcome(failure: error))
        #expect(replies(single(bytes(input))) == Outcome(failure: error))
        #expect(replies([bytes("+OK\r\n" + input + "\r\n+OK\r\n")]) == Outcome(items: [.simple("OK")], failure: error))
    }

    @Test func `not a number are read`() throws {
        let value = try #require(replies([bytes(",nan\r\n")]).items.first)
        // Not a number equals nothing, itself included.
        #expect(value != value)
    }

    @Test func `at the limits are accepted`() {
        #expect(replies([bytes("$67108864\r\n")]) == Outcome())
        #expect(replies([bytes("*1048576\r\n")]) == Outcome())
        let line = "+" + String(repeating: "a", count: 65534) + "\r\n"
        #expect(replies([bytes(line)]).items.count == 1)
        let deep = String(repeating: "*1\r\n", count: 32) + ":1\r\n"
        #expect(replies([bytes(deep + deep)]).items.count == 2)
    }

    @Test func `with a line beyond the limit are refused, ended or not`() {
        let line = bytes("+" + String(repeating: "a", count: 65536))
        #expect(replies([line]) == Outcome(failure: .lineTooLong))
        #expect(replies(single(line)) == Outcome(failure: .lineTooLong))
        #expect(replies([line + [13, 10]]) == Outcome(failure: .lineTooLong))
    }

    @Test func `start with a fresh allowance each`() {
        var limits = ReplyLimits()
        limits.maxElements = 3
        #expect(replies([bytes("*2\r\n*1\r\n:1\r\n:2\r\n*3\r\n:1\r\n:2\r\n:3\r\n")], limits).items.count == 2)
        #expect(replies([bytes("*2\r\n*2\r\n")], limits).failure == .tooManyElements)
    }

    @Test func `after an error stay failed and hold nothing`() {
        var parser = ReplyParser()
        parser.append(bytes("*2\r\n+kept\r\n?\r\n"))
        for _ in 0..<3 {
            #expect(throws: ReplyError.unknownType(UInt8(ascii: "?"))) { try parser.next() }
            parser.append(bytes("+OK\r\n"))
            #expect(parser.bufferedBytes == 0)
        }
    }

    @Test func `under way count what they hold`() throws {
        var parser = ReplyParser()
        parser.append(bytes("*2\r\n$1000\r\n" + String(repeating: "a", count: 1000) + "\r\n"))
        #expect(try parser.next() == nil)
        #expect(parser.bufferedBytes >= 1000)
        parser.append(bytes("+\r\n"))
        #expect(try parser.next() != nil)
        #expect(parser.bufferedBytes == 0)
    }

    @Test func `of many elements cost the same for each, byte by byte`() {
        let seconds = [5_000, 40_000].map { count in
            var encoder = Encoder()
            encoder.arrayHeader(count)
            for number in 0..<count { encoder.integer(number) }
            let pieces = single(encoder.takeBytes())
            let expected = Outcome<Value, ReplyError>(items: [.array((0..<count).map(Value.integer))])
            return processorSeconds {
                let isExpected = replies(pieces) == expected
                #expect(isExpected)
            }
        }
        #expect(seconds[1] < 20 * seconds[0], "\(seconds)")
    }
}

@Suite struct `Values` {
    @Test func `read as text when they are strings`() {
        #expect(Value.simple("a").text == "a")
        #expect(Value.bulk([0xFF]).text == "\u{FFFD}")
        #expect(Value.verbatim(bytes("a"), format: bytes("txt")).text == "a")
        #expect(Value.bigNumber(bytes("12")).text == "12")
        #expect(Value.integer(1).text == nil)
        #expect(Value.error("ERR").text == nil)
    }

    @Test func `read as errors when they are errors`() {
        #expect(Value.error("ERR a").errorText == "ERR a")
        #expect(Value.blobError(bytes("ERR b")).errorText == "ERR b")
        #expect(Value.simple("ERR").errorText == nil)
    }

    @Test func `read as integers when they spell one`() {
        #expect(Value.integer(-1).integer == -1)
        #expect(Value.bulk("12").integer == 12)
        #expect(Value.bulk("012").integer == nil)
        #expect(Value.null.integer == nil)
    }

    @Test func `give the same pairs in both versions`() {
        let pairs = [Value.Entry(.bulk("a"), .integer(1)), Value.Entry(.bulk("b"), .null)]
        #expect(Value.map(pairs).entries == pairs)
        #expect(Value.array([.bulk("a"), .integer(1), .bulk("b"), .null]).entries == pairs)
        #expect(Value.array([.bulk("a")]).entries == nil)
        #expect(Value.set([]).entries == nil)
    }

    @Test func `give their elements when they are lists`() {
        #expect(Value.array([.null]).elements == [.null])
        #expect(Value.push([.null]).elements == [.null])
        #expect(Value.set([.null]).elements == [.null])
        #expect(Value.map([]).elements == nil)
        #expect(Value.null.isNull && !Value.array([]).isNull)
    }
}

@Suite struct `Generated replies` {
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `come out as they went in, wherever they are cut`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let values = (0..<30).map { _ in Value.random(depth: 4, using: &generator) }
        for version in [ProtocolVersion.resp2, .resp3] {
            var encoder = Encoder(version: version)
            for value in values { encoder.value(value) }
            let expected = version == .resp3 ? values : values.map(\.inRESP2)
            let input = encoder.takeBytes()
            for size in [1, 4, 50, 5000] {
                #expect(replies(generator.pieces(of: input, upTo: size)) == Outcome(items: expected))
            }
        }
    }

    @Test func `of garbage end in values, an error or the wish for more`() {
        var generator = SeededGenerator(seed: 815)
        let alphabet = bytes("+-:$*%~>|_#,(=!tf0112\r\n\r\n") + [0xFF]
        var (values, failures) = (0, 0)
        for number in 0..<20_000 {
            var input: [UInt8] = []
            switch number % 4 {
            case 0: input = generator.bytes(0...40)
            case 1: input = generator.bytes(0...40, from: alphabet)
            default:
                // Lines that each make some sense.
                for _ in 0..<Int.random(in: 1...8, using: &generator) {
                    input += generator.bytes(1...1, from: bytes("+-:$*%~>|_#,(=!"))
                    input += generator.bytes(0...1, from: bytes("00123t")) + [13, 10]
                }
            }
            let whole = replies([input])
            if whole != replies(generator.pieces(of: input, upTo: 5)) { Issue.record("cut differently: \(input)") }
            values += whole.items.count
            if whole.failure != nil { failures += 1 }
        }
        #expect(values > 1000)
        #expect(failures > 1000 && failures < 20_000)
    }

    @Test func `with one byte changed never trap`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            var encoder = Encoder(version: .resp3)
            encoder.value(.random(depth: 3, using: &generator))
            var input = encoder.takeBytes()
            input[Int.random(in: 0..<input.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            let whole = replies([input]).failure
            if whole != replies(generator.pieces(of: input, upTo: 9)).failure {
                Issue.record("cut differently: \(input)")
            }
        }
    }
}

extension Value {
    /// Any value but one that is not a number, which equals nothing.
    static func random(depth: Int, using generator: inout SeededGenerator) -> Value {
        let line = generator.bytes(0...8, from: RESPTests.bytes("abc :$*\u{7F}"))
        let elements = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            depth == 0 ? .null : Value.random(depth: depth - 1, using: &generator)
        }
        switch Int.random(in: 0..<(depth == 0 ? 10 : 14), using: &generator) {
        case 0: return .simple(line)
        case 1: return .error(line)
        case 2: return .integer(Int.random(in: .min ... .max, using: &generator))
        case 3: return .bulk(generator.bytes(0...30))
        case 4: return .null
        case 5: return .boolean(Bool.random(using: &generator))
        case 6: return .double(Double.random(in: -1e9...1e9, using: &generator))
        case 7: return .bigNumber(generator.bytes(1...40, from: RESPTests.bytes("0123456789")))
        case 8: return .verbatim(generator.bytes(0...9), format: RESPTests.bytes("txt"))
        case 9: return .blobError(generator.bytes(0...9))
        case 10: return .array(elements)
        case 11: return .set(elements)
        case 12: return .push(elements)
        default: return .map(elements.map { Entry($0, $0) })
        }
    }

    /// What a RESP2 client sees of it.
    var inRESP2: Value {
        switch self {
        case .simple, .error, .integer, .bulk, .null: self
        case .array(let elements), .set(let elements), .push(let elements): .array(elements.map(\.inRESP2))
        case .map(let entries): .array(entries.flatMap { [$0.key.inRESP2, $0.value.inRESP2] })
        case .boolean(let isTrue): .integer(isTrue ? 1 : 0)
        case .double(let number):
            .bulk(number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)")
        case .bigNumber(let digits): .bulk(digits)
        case .verbatim(let text, _): .bulk(text)
        case .blobError(let text): .error(text.map { $0 == 10 || $0 == 13 ? 32 : $0 })
        }
    }
}
