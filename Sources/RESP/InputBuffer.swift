// SPDX-License-Identifier: Apache-2.0

/// Bytes that came in and are not understood yet.
///
/// Taking bytes only moves a mark. The bytes before it are dropped when the buffer runs empty or, at the next append,
/// when they are at least half of it: every byte is moved at most a constant number of times, however it arrives.
struct InputBuffer: Sendable {
    /// Memory an empty buffer may keep for the next bytes; what a rare large message needed is given back.
    ///
    /// Enough for what connections at rest send each other; there may be tens of thousands of them.
    static let keptCapacity = 1024

    private(set) var bytes: [UInt8] = []
    /// Where the unread bytes begin in `bytes`.
    private(set) var start = 0
    /// Unread bytes already searched for a line end without success; never searched again.
    private var searched = 0

    var count: Int { bytes.count - start }
    var first: UInt8? { start < bytes.count ? bytes[start] : nil }

    mutating func append(_ new: UnsafeRawBufferPointer) {
        compact()
        unsafe bytes.append(contentsOf: new)
    }

    mutating func append(_ new: [UInt8]) {
        compact()
        bytes.append(contentsOf: new)
    }

    /// Marks the bytes before `index`, a position in `bytes`, as read.
    mutating func consume(upTo index: Int) {
        precondition(index >= start && index <= bytes.count, "only unread bytes can be consumed")
        start = index
        searched = 0
        if start == bytes.count { removeAll() }
    }

    mutating func removeAll() {
        start = 0
        searched = 0
        bytes.removeForReuse()
    }

    /// The position in `bytes` of the first unread `terminator`; every byte is looked at once, however often this is
    /// asked.
    ///
    /// The terminator asked for must stay the same until something is consumed.
    mutating func index(of terminator: UInt8) -> Int? {
        var index = start + searched
        while index < bytes.count {
            if bytes[index] == terminator {
                searched = index - start
                return index
            }
            index += 1
        }
        searched = count
        return nil
    }

    /// Takes a header line if it is all here and its number has the usual form: up to nine digits without a zero in
    /// front. `nil`, and nothing is taken, if not; that says nothing about whether the line is right.
    mutating func takeShortHeader() -> Int? {
        var index = start + 1
        var number = 0
        let limit = min(bytes.count, start + 10)
        while index < limit, ASCII.isDigit(bytes[index]) {
            number = number * 10 + Int(bytes[index] - ASCII.zero)
            index += 1
        }
        guard index + 1 < bytes.count, index > start + 1, bytes[index] == ASCII.carriageReturn,
            bytes[start + 1] != ASCII.zero || index == start + 2
        else { return nil }
        consume(upTo: index + 2)
        return number
    }

    private mutating func compact() {
        guard start > 0, start >= bytes.count / 2 else { return }
        bytes.removeSubrange(..<start)
        start = 0
    }
}

extension Array {
    /// Empties the array and keeps its memory, unless that is more than one connection should hold on to.
    mutating func removeForReuse() {
        if capacity > InputBuffer.keptCapacity / MemoryLayout<Element>.stride {
            self = []
        } else {
            removeAll(keepingCapacity: true)
        }
    }
}
