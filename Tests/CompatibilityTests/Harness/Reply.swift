// SPDX-License-Identifier: Apache-2.0

/// A RESP2 reply as the tests look at it.
///
/// A decoder of its own on purpose: the one of the package must not be the judge of what the package sent.
indirect enum Reply: Equatable, CustomStringConvertible {
    case simple(String)
    case error(String)
    case integer(Int)
    case bulk(String)
    case null
    case nullArray
    case array([Reply])

    var description: String {
        switch self {
        case .simple(let text): "+\(text)"
        case .error(let text): "-\(text)"
        case .integer(let value): ":\(value)"
        case .bulk(let text): "\"\(text)\""
        case .null: "null"
        case .nullArray: "null array"
        case .array(let items): "[\(items.map(\.description).joined(separator: ", "))]"
        }
    }

    /// The text of a simple string, error or bulk string.
    var text: String? {
        switch self {
        case .simple(let text), .error(let text), .bulk(let text): text
        case .integer, .null, .nullArray, .array: nil
        }
    }

    var items: [Reply] {
        guard case .array(let items) = self else { return [] }
        return items
    }

    /// The flat array of a map as pairs, in the order sent.
    var pairs: [(key: String, value: String)] {
        let words = items.map { $0.text ?? "\($0)" }
        return stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], words[$0 + 1]) }
    }

    /// The flat array of a map for look-ups.
    var fields: [String: String] { Dictionary(pairs.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 }) }
}

/// Takes whole replies off the front of a buffer.
struct ReplyDecoder {
    struct Malformed: Error { let line: String }

    private var buffer: [UInt8] = []
    private var start = 0

    /// What arrived and is not part of a reply taken yet.
    var rest: [UInt8] { Array(buffer[start...]) }

    mutating func append(_ bytes: some Sequence<UInt8>) { buffer.append(contentsOf: bytes) }

    /// The next whole reply, or `nil` when more bytes are needed.
    mutating func next() throws -> Reply? {
        var position = start
        guard let reply = try decode(&position) else { return nil }
        start = position
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            start = 0
        }
        return reply
    }

    private func decode(_ position: inout Int) throws -> Reply? {
        guard let end = buffer[position...].firstIndex(of: 10) else { return nil }
        guard end > position, buffer[end - 1] == 13 else { throw Malformed(line: text(position, end)) }
        let kind = buffer[position]
        let line = text(position + 1, end - 1)
        position = end + 1
        switch kind {
        case UInt8(ascii: "+"): return .simple(line)
        case UInt8(ascii: "-"): return .error(line)
        case UInt8(ascii: ":"):
            guard let value = Int(line) else { throw Malformed(line: line) }
            return .integer(value)
        case UInt8(ascii: "$"):
            guard let count = Int(line) else { throw Malformed(line: line) }
            guard count >= 0 else { return .null }
            guard buffer.count >= position + count + 2 else { return nil }
            defer { position += count + 2 }
            return .bulk(text(position, position + count))
        case UInt8(ascii: "*"):
            guard let count = Int(line) else { throw Malformed(line: line) }
            guard count >= 0 else { return .nullArray }
            var items: [Reply] = []
            for _ in 0..<count {
                guard let item = try decode(&position) else { return nil }
                items.append(item)
            }
            return .array(items)
        default: throw Malformed(line: text(position, end))
        }
    }

    private func text(_ from: Int, _ to: Int) -> String { String(decoding: buffer[from..<to], as: UTF8.self) }
}
