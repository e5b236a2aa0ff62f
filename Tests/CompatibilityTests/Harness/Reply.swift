// SPDX-License-Identifier: Apache-2.0

/// A reply of either protocol as the tests look at it.
///
/// A decoder of its own on purpose: the one of the package must not be the judge of what the package sent. Bytes that
/// are no UTF-8 stand as `\xNN` in a text.
indirect enum Reply: Equatable, CustomStringConvertible {
    case simple(String)
    case error(String)
    case integer(Int)
    case bulk(String)
    case null
    case nullArray
    case array([Reply])
    // Those of RESP3.
    case nothing
    /// Keys and values in turn.
    case map([Reply])
    case set([Reply])
    case push([Reply])
    /// With its format: `txt:...`.
    case verbatim(String)
    case double(String)
    case boolean(Bool)

    var description: String {
        switch self {
        case .simple(let text): "+\(text)"
        case .error(let text): "-\(text)"
        case .integer(let value): ":\(value)"
        case .bulk(let text): "\"\(text)\""
        case .null: "null"
        case .nullArray: "null array"
        case .nothing: "nothing"
        case .verbatim(let text): "=\"\(text)\""
        case .double(let text): ",\(text)"
        case .boolean(let value): "#\(value)"
        case .array(let items): "[\(Self.list(items))]"
        case .map(let items): "%[\(Self.list(items))]"
        case .set(let items): "~[\(Self.list(items))]"
        case .push(let items): ">[\(Self.list(items))]"
        }
    }

    private static func list(_ items: [Reply]) -> String { items.map(\.description).joined(separator: ", ") }

    /// The text of a simple string, error or bulk string.
    var text: String? {
        switch self {
        case .simple(let text), .error(let text), .bulk(let text): text
        case .verbatim(let text): String(text.dropFirst(4))
        case .integer, .null, .nullArray, .array, .nothing, .map, .set, .push, .double, .boolean: nil
        }
    }

    /// The elements of anything that has some; of a map its keys and values in turn.
    var items: [Reply] {
        switch self {
        case .array(let items), .map(let items), .set(let items), .push(let items): items
        case .simple, .error, .integer, .bulk, .null, .nullArray, .nothing, .verbatim, .double, .boolean: []
        }
    }

    /// A map, or the flat array that stands for one in RESP2, as pairs, in the order sent.
    var pairs: [(key: String, value: String)] {
        let words = items.map { $0.text ?? "\($0)" }
        return stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], words[$0 + 1]) }
    }

    /// The pairs for look-ups.
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
            guard line != "-1" else { return .nullArray }
            return try decode(line, 1, &position).map(Reply.array)
        case UInt8(ascii: "%"): return try decode(line, 2, &position).map(Reply.map)
        case UInt8(ascii: "~"): return try decode(line, 1, &position).map(Reply.set)
        case UInt8(ascii: ">"): return try decode(line, 1, &position).map(Reply.push)
        case UInt8(ascii: "_"): return .nothing
        case UInt8(ascii: ","): return .double(line)
        case UInt8(ascii: "#"): return .boolean(line == "t")
        case UInt8(ascii: "="):
            guard let count = Int(line), count >= 4 else { throw Malformed(line: line) }
            guard buffer.count >= position + count + 2 else { return nil }
            defer { position += count + 2 }
            return .verbatim(text(position, position + count))
        default: throw Malformed(line: text(position, end))
        }
    }

    /// The elements of an aggregate whose header said `line`, `width` for each one counted there.
    private func decode(_ line: String, _ width: Int, _ position: inout Int) throws -> [Reply]? {
        guard let count = Int(line), count >= 0 else { throw Malformed(line: line) }
        var items: [Reply] = []
        for _ in 0..<count * width {
            guard let item = try decode(&position) else { return nil }
            items.append(item)
        }
        return items
    }

    private func text(_ from: Int, _ to: Int) -> String {
        let bytes = buffer[from..<to]
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return bytes.map { (0x20...0x7E).contains($0) ? String(UnicodeScalar($0)) : "\\x" + hexadecimal($0) }.joined()
    }

    private func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
