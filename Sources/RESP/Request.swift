// SPDX-License-Identifier: Apache-2.0

/// One client request: its words, in one flat buffer that is used again for the next request.
package struct Request: Sendable, Hashable {
    /// All arguments, one after the other.
    private var bytes: [UInt8] = []
    /// Where each argument ends in `bytes`; it begins where the one before it ends.
    private var ends: [Int] = []

    package init() {}

    package init(_ arguments: [[UInt8]]) {
        for argument in arguments {
            append(argument[...])
            endArgument()
        }
    }

    /// The number of arguments, the command's name among them.
    package var count: Int { ends.count }
    package var isEmpty: Bool { ends.isEmpty }

    /// The argument at `index`, which must be below `count`.
    package subscript(index: Int) -> ArraySlice<UInt8> {
        bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    /// The argument at `index` as text; what is not UTF-8 becomes replacement characters.
    package func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }

    /// Whether the argument at `index` is text, that is, UTF-8.
    package func isText(_ index: Int) -> Bool { String(validating: self[index], as: UTF8.self) != nil }

    /// All arguments as arrays of their own.
    package var arguments: [[UInt8]] { (0..<count).map { Array(self[$0]) } }

    /// Whether there is an argument at `index` that spells `word` in any mix of upper and lower case ASCII.
    ///
    /// - Parameter word: In lower case.
    package func matches(_ index: Int, _ word: String) -> Bool {
        guard index < count else { return false }
        var position = index == 0 ? 0 : ends[index - 1]
        let end = ends[index]
        guard end - position == word.utf8.count else { return false }
        for byte in word.utf8 {
            guard ASCII.lowercased(bytes[position]) == byte else { return false }
            position += 1
        }
        return true
    }

    /// Bytes of memory the words and their bounds take up.
    var heldBytes: Int { bytes.count + ends.count * MemoryLayout<Int>.stride }

    /// Adds to the argument that `endArgument()` will complete.
    mutating func append(_ part: ArraySlice<UInt8>) { bytes.append(contentsOf: part) }
    mutating func append(_ byte: UInt8) { bytes.append(byte) }
    mutating func endArgument() { ends.append(bytes.count) }

    /// Makes room for the next request.
    package mutating func removeAll() {
        bytes.removeForReuse()
        ends.removeForReuse()
    }
}
