// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelServer

@Suite struct `A table in order` {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func `keeps the order in which names came, also of those that come back`() {
        var table = OrderedTable<Int>()
        for (number, name) in ["c", "a", "b"].enumerated() { table[bytes(name)] = number }
        table[bytes("c")] = 7
        #expect(table.names == ["c", "a", "b"].map(bytes))
        #expect(table[bytes("c")] == 7)
        table[bytes("a")] = nil
        table[bytes("a")] = 9
        #expect(table.names == ["c", "b", "a"].map(bytes))
        table.update(bytes("b"), from: 0) { $0 += 1 }
        table.update(bytes("d"), from: 5) { $0 += 1 }
        #expect(table.elements.map(\.value) == [7, 3, 9, 6])
        #expect(table.has(bytes("d")) && !table.has(bytes("e")) && table[bytes("e")] == nil)
    }

    @Test func `does what an array of names does`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            var table = OrderedTable<Void>()
            var names: [[UInt8]] = []
            for _ in 0..<300 {
                let name = [UInt8.random(in: 0..<30, using: &generator)]
                if Bool.random(using: &generator) {
                    if !names.contains(name) { names.append(name) }
                    table[name] = ()
                } else {
                    names.removeAll { $0 == name }
                    table[name] = nil
                }
                #expect(table.count == names.count && table.isEmpty == names.isEmpty)
            }
            #expect(table.names == names)
        }
    }
}
