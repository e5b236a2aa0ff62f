// SPDX-License-Identifier: Apache-2.0

import RESP

/// The keys of a node, each with a string, and the commands that change them.
struct KeySpace {
    private var values: [[UInt8]: [UInt8]] = [:]

    var count: Int { values.count }

    subscript(key: [UInt8]) -> [UInt8]? { values[key] }

    /// All keys with their values, in no particular order.
    var pairs: [[UInt8]: [UInt8]] { values }

    /// Executes one of the commands that write, and tells whether replicas have to do the same.
    ///
    /// - Parameter request: With as many words as the command table asks for.
    mutating func execute(_ request: Request, into reply: inout Encoder) -> Bool {
        if request.matches(0, "set") {
            values[Array(request[1])] = Array(request[2])
            reply.simple("OK")
            return true
        }
        if request.matches(0, "incr") { return increment(Array(request[1]), into: &reply) }
        if request.matches(0, "del") {
            let removed = (1..<request.count).count { values.removeValue(forKey: Array(request[$0])) != nil }
            reply.integer(removed)
            return removed > 0
        }
        guard request.matches(0, "flushall") else { return false }
        values = [:]
        reply.simple("OK")
        return true
    }

    private mutating func increment(_ key: [UInt8], into reply: inout Encoder) -> Bool {
        let old = values[key].map { Int(strictDecimal: $0) } ?? 0
        guard let old else {
            reply.error("ERR value is not an integer or out of range")
            return false
        }
        let (new, overflow) = old.addingReportingOverflow(1)
        guard !overflow else {
            reply.error("ERR increment or decrement would overflow")
            return false
        }
        values[key] = Array(String(new).utf8)
        reply.integer(new)
        return true
    }
}
