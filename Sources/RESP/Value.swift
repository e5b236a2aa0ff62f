// SPDX-License-Identifier: Apache-2.0

/// Which form of the protocol a connection speaks; `HELLO` changes it.
package enum ProtocolVersion: Int, Sendable, Hashable {
    case resp2 = 2
    case resp3 = 3
}

/// A reply, or a message that came by itself, in either version of the protocol.
///
/// Text is kept as the bytes that came; `text` and its neighbours read it.
package enum Value: Sendable, Hashable {
    case simple([UInt8])
    case error([UInt8])
    case integer(Int)
    case bulk([UInt8])
    /// RESP3 null, RESP2 null bulk string and null array: clients need not tell them apart.
    case null
    case array([Value])
    /// Pairs in the order they came, which carries no meaning; a key may come twice.
    case map([Entry])
    /// Members in the order they came; one may come twice.
    case set([Value])
    /// Not an answer to a command but news, such as a message to a subscriber.
    case push([Value])
    case boolean(Bool)
    case double(Double)
    /// An integer of any length, as its digits.
    case bigNumber([UInt8])
    /// Text with a format of three characters, `txt` or `mkd`.
    case verbatim([UInt8], format: [UInt8])
    /// An error that may contain line ends.
    case blobError([UInt8])

    package struct Entry: Sendable, Hashable {
        package var key: Value
        package var value: Value

        package init(_ key: Value, _ value: Value) {
            self.key = key
            self.value = value
        }
    }

    package static func simple(_ text: String) -> Value { .simple(Array(text.utf8)) }
    package static func error(_ text: String) -> Value { .error(Array(text.utf8)) }
    package static func bulk(_ text: String) -> Value { .bulk(Array(text.utf8)) }

    /// The bytes of any kind of string; `nil` for errors, numbers and all else.
    package var bytes: [UInt8]? {
        switch self {
        case .simple(let bytes), .bulk(let bytes), .bigNumber(let bytes), .verbatim(let bytes, _): bytes
        case .error, .integer, .null, .array, .map, .set, .push, .boolean, .double, .blobError: nil
        }
    }

    /// Any kind of string as text; what is not UTF-8 becomes replacement characters.
    package var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    /// An error of either kind as text, its code first: `NOAUTH Authentication required.`
    package var errorText: String? {
        switch self {
        case .error(let bytes), .blobError(let bytes): String(decoding: bytes, as: UTF8.self)
        case .simple, .integer, .bulk, .null, .array, .map, .set, .push, .boolean, .double, .bigNumber, .verbatim: nil
        }
    }

    /// An integer, or a string that spells one strictly.
    package var integer: Int? {
        if case .integer(let number) = self { return number }
        return bytes.flatMap { Int(strictDecimal: $0) }
    }

    /// The elements of an array, a set or a push.
    package var elements: [Value]? {
        switch self {
        case .array(let elements), .set(let elements), .push(let elements): elements
        case .simple, .error, .integer, .bulk, .null, .map, .boolean, .double, .bigNumber, .verbatim, .blobError: nil
        }
    }

    /// The pairs of a map, or of the flat array that stands for one in RESP2.
    package var entries: [Entry]? {
        switch self {
        case .map(let entries): entries
        case .array(let elements) where elements.count.isMultiple(of: 2): Entry.paired(elements)
        case .simple, .error, .integer, .bulk, .null, .array, .set, .push, .boolean, .double, .bigNumber, .verbatim,
            .blobError:
            nil
        }
    }

    package var isNull: Bool { self == .null }
}

extension Value.Entry {
    /// Takes the elements two by two; an odd one at the end is left out.
    static func paired(_ elements: [Value]) -> [Value.Entry] {
        stride(from: 1, to: elements.count, by: 2).map { Value.Entry(elements[$0 - 1], elements[$0]) }
    }
}
