// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RESP

@Suite struct `The encoder` {
    struct Example: Sendable, CustomTestStringConvertible {
        var write: @Sendable (inout Encoder) -> Void
        var resp2: String
        var resp3: String

        var testDescription: String { resp3.debugDescription }

        init(_ resp2: String, _ resp3: String? = nil, _ write: @escaping @Sendable (inout Encoder) -> Void) {
            (self.write, self.resp2, self.resp3) = (write, resp2, resp3 ?? resp2)
        }
    }

    /// - Source: spec/commands.md 3.
    static let examples: [Example] = [
        Example("+OK\r\n") { $0.simple("OK") },
        Example("+a  b\r\n") { $0.simple("a\r\nb") },
        Example("-ERR no\r\n") { $0.error("ERR no") },
        Example("-a b \r\n") { $0.error(bytes("a\nb\r")) },
        Example(":0\r\n") { $0.integer(0) },
        Example(":-12\r\n") { $0.integer(-12) },
        Example("$0\r\n\r\n") { $0.bulk("") },
        Example("$5\r\na\r\nbc\r\n") { $0.bulk("a\r\nbc") },
        Example("$2\r\nbc\r\n") { $0.bulk(bytes("abcd")[1...2]) },
        Example("$-1\r\n", "_\r\n") { $0.null() },
        Example("*-1\r\n", "_\r\n") { $0.nullArray() },
        Example("*3\r\n") { $0.arrayHeader(3) },
        Example("*6\r\n", "%3\r\n") { $0.mapHeader(3) },
        Example("*3\r\n", "~3\r\n") { $0.setHeader(3) },
        Example("*3\r\n", ">3\r\n") { $0.pushHeader(3) },
        Example("$3\r\na\nb\r\n", "=7\r\ntxt:a\nb\r\n") { $0.verbatim("a\nb") },
        Example("$1\r\na\r\n", "=5\r\nmkd:a\r\n") { $0.verbatim("a", format: "mkd") },
        Example("$3\r\n1.5\r\n", ",1.5\r\n") { $0.double(1.5) },
        Example("$1\r\n3\r\n", ",3\r\n") { $0.double(3) },
        Example("$4\r\n-inf\r\n", ",-inf\r\n") { $0.double(-.infinity) },
        Example("$3\r\nnan\r\n", ",nan\r\n") { $0.double(-.nan) },
        Example(":1\r\n", "#t\r\n") { $0.boolean(true) },
        Example(":0\r\n", "#f\r\n") { $0.boolean(false) },
        Example("*2\r\n$4\r\nECHO\r\n$1\r\na\r\n") { $0.command(["ECHO", "a"]) },
        Example("*1\r\n$1\r\na\r\n") { $0.command([bytes("a")]) },
        Example("-a b\r\n", "!3\r\na\nb\r\n") { $0.value(.blobError(bytes("a\nb"))) },
        Example("$2\r\n12\r\n", "(12\r\n") { $0.value(.bigNumber(bytes("12"))) },
        Example("*2\r\n+a\r\n$-1\r\n", "%1\r\n+a\r\n_\r\n") { $0.value(.map([.init(.simple("a"), .null)])) },
    ]

    @Test(arguments: examples)
    func `writes each type in both versions`(example: Example) {
        for (version, expected) in [(ProtocolVersion.resp2, example.resp2), (.resp3, example.resp3)] {
            var encoder = Encoder(version: version)
            example.write(&encoder)
            #expect(String(decoding: encoder.bytes, as: UTF8.self) == expected)
        }
    }

    @Test func `writes integers of every length`() {
        var numbers = [Int.min, .max, 0, -1, -9, -10]
        var power = 1
        for _ in 0..<18 {
            numbers += [power - 1, power, power + 1, -power]
            power *= 10
        }
        for number in numbers {
            var encoder = Encoder()
            encoder.integer(number)
            #expect(encoder.bytes == bytes(":\(number)\r\n"))
        }
    }

    @Test func `hands its bytes over once`() {
        var encoder = Encoder()
        #expect(encoder.isEmpty)
        encoder.integer(1)
        encoder.version = .resp3
        encoder.null()
        #expect(encoder.takeBytes() == bytes(":1\r\n_\r\n"))
        #expect(encoder.isEmpty && encoder.takeBytes().isEmpty)
        encoder.integer(2)
        encoder.removeAll()
        encoder.integer(3)
        #expect(encoder.bytes == bytes(":3\r\n"))
    }

    @Test func `keeps the memory of short replies only`() {
        var encoder = Encoder()
        encoder.bulk([UInt8](repeating: 0, count: 500))
        let kept = encoder.bytes.capacity
        encoder.removeAll()
        #expect(encoder.bytes.capacity == kept)
        encoder.bulk([UInt8](repeating: 0, count: 1 << 20))
        encoder.removeAll()
        #expect(encoder.bytes.capacity <= InputBuffer.keptCapacity)
        #expect(encoder.isEmpty)
    }
}
