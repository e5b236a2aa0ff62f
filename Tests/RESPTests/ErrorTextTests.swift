// SPDX-License-Identifier: Apache-2.0

import RESP
import Testing

@Suite struct `The text of an error` {
    /// - Source: redis-sentinel 7.0.15.
    @Test func `repeats bytes as they are, up to a NUL`() {
        let word: [UInt8] = [0xFF, 0x61, 0, 0x62]
        let text: ErrorText = "ERR Unknown '\(word)' here"
        #expect(text.bytes == bytes("ERR Unknown '") + [0xFF, 0x61] + bytes("' here"))
    }

    @Test func `repeats no more than its limit`() {
        let text: ErrorText = "ERR '\(bytes("abcdef"), limit: 3)' \("as is\0")"
        #expect(text.description == "ERR 'abc' as is\0")
    }
}

@Suite struct `Errors of an encoder` {
    @Test func `are counted once`() {
        var encoder = Encoder()
        encoder.error("ERR one")
        encoder.simple("OK")
        encoder.error(bytes("ERR two"))
        encoder.removeAll()
        #expect(encoder.takeErrorCount() == 2)
        #expect(encoder.takeErrorCount() == 0)
    }
}
