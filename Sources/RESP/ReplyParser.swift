// SPDX-License-Identifier: Apache-2.0

/// Turns what a server sends into values, as the bytes arrive.
///
/// An aggregate announces how many values follow, so the parser keeps a stack of the open ones. A value that is
/// complete goes into the topmost; when that is full it is complete itself, and so on down, until the stack is empty
/// and a reply is done. No byte is parsed twice, and there is no recursion to exhaust the stack. Attributes are read
/// like maps and dropped; they do not count as an element of what surrounds them.
///
/// An announced length reserves nothing. The streamed types of RESP3 (`$?`, `*?`), which no server sends, are refused.
///
/// - Source: RESP3 specification (github.com/redis/redis-specifications, protocol/RESP3.md).
package struct ReplyParser: Sendable {
    package var limits: ReplyLimits

    private var input = InputBuffer()
    private var open: [Aggregate] = []
    /// A string of announced length whose header was read.
    private var pendingBulk: (kind: BulkKind, length: Int)?
    /// Values of the current reply that are announced or complete.
    private var elements = 0
    /// Bytes of strings that wait in open aggregates.
    private var heldBytes = 0
    private var failure: ReplyError?

    private struct Aggregate: Sendable {
        var kind: Kind
        /// Values still to come; a pair of a map is two.
        var missing: Int
        var elements: [Value] = []

        enum Kind: Sendable { case array, map, set, push, attribute }

        /// What it is now that nothing is missing; an attribute is nothing.
        var value: Value? {
            switch kind {
            case .array: .array(elements)
            case .map: .map(Value.Entry.paired(elements))
            case .set: .set(elements)
            case .push: .push(elements)
            case .attribute: nil
            }
        }
    }

    private enum BulkKind: Sendable { case bulk, verbatim, error }

    /// What one step found.
    private enum Token {
        case value(Value)
        /// A header or an empty attribute, which is no value yet.
        case skipped
        case needMoreBytes
    }

    package init(limits: ReplyLimits = ReplyLimits()) { self.limits = limits }

    /// Bytes of memory, roughly, that incomplete or unread replies take up; the caller decides how much is too much.
    package var bufferedBytes: Int { input.count + heldBytes }

    /// Takes bytes from the server; after an error they are dropped.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if failure == nil { unsafe input.append(bytes) }
    }

    package mutating func append(_ bytes: [UInt8]) {
        if failure == nil { input.append(bytes) }
    }

    /// The next reply or push, or `nil` when it needs more bytes.
    ///
    /// - Throws: How the server broke the protocol; from then on every call throws the same.
    package mutating func next() throws(ReplyError) -> Value? {
        if let failure { throw failure }
        do {
            while true {
                switch try nextToken() {
                case .value(let value):
                    if let reply = add(value) { return reply }
                case .skipped:
                    continue
                case .needMoreBytes:
                    return nil
                }
            }
        } catch {
            failure = error
            input.removeAll()
            open = []
            heldBytes = 0
            throw error
        }
    }
}

// MARK: - The stack

extension ReplyParser {
    /// Puts a complete value where it belongs; returns it, or what it completes, if that is a whole reply.
    private mutating func add(_ value: Value) -> Value? {
        var complete = value
        while let top = open.indices.last {
            heldBytes += MemoryLayout<Value>.stride + (complete.bytes?.count ?? 0)
            open[top].elements.append(complete)
            open[top].missing -= 1
            guard open[top].missing == 0 else { return nil }
            // An attribute leaves nothing behind; the value it belongs to is still to come.
            guard let closed = open.removeLast().value else { return nil }
            complete = closed
        }
        elements = 0
        heldBytes = 0
        return complete
    }

    /// Opens an aggregate of `count` values or pairs; an empty one is complete at once.
    private mutating func begin(_ kind: Aggregate.Kind, count: Int, valuesEach: Int) throws(ReplyError) -> Token {
        guard open.count < limits.maxDepth else { throw .tooDeep }
        let (values, overflowed) = count.multipliedReportingOverflow(by: valuesEach)
        guard !overflowed, values <= limits.maxElements - elements else { throw .tooManyElements }
        elements += values
        let aggregate = Aggregate(kind: kind, missing: values)
        if values == 0 { return aggregate.value.map(Token.value) ?? .skipped }
        open.append(aggregate)
        return .skipped
    }
}

// MARK: - One value

extension ReplyParser {
    private mutating func nextToken() throws(ReplyError) -> Token {
        if let (kind, length) = pendingBulk { return try bulk(kind, length: length) }
        guard let type = input.first else { return .needMoreBytes }
        guard let end = try lineEnd() else { return .needMoreBytes }
        let line = input.bytes[(input.start + 1)..<end]
        let token = try token(type, line)
        input.consume(upTo: end + 2)
        return token
    }

    /// Where the CR at the end of the line is, once the LF is here as well.
    private mutating func lineEnd() throws(ReplyError) -> Int? {
        let feed = input.index(of: ASCII.lineFeed)
        guard (feed ?? input.bytes.count) - input.start <= limits.maxLineLength else { throw .lineTooLong }
        guard let feed else { return nil }
        guard feed - 1 > input.start, input.bytes[feed - 1] == ASCII.carriageReturn else { throw .missingLineEnd }
        return feed - 1
    }

    /// Reads a line whose first byte is `type`.
    private mutating func token(_ type: UInt8, _ line: ArraySlice<UInt8>) throws(ReplyError) -> Token {
        switch type {
        case UInt8(ascii: "+"): return .value(.simple(Array(line)))
        case UInt8(ascii: "-"): return .value(.error(Array(line)))
        case UInt8(ascii: ":"): return .value(.integer(try integer(line)))
        case UInt8(ascii: "_"): return .value(try null(line))
        case UInt8(ascii: "#"): return .value(try boolean(line))
        case UInt8(ascii: ","): return .value(try double(line))
        case UInt8(ascii: "("): return .value(try bigNumber(line))
        case UInt8(ascii: "$"): return try bulkHeader(.bulk, type, line)
        case UInt8(ascii: "="): return try bulkHeader(.verbatim, type, line)
        case UInt8(ascii: "!"): return try bulkHeader(.error, type, line)
        case UInt8(ascii: "*"): return try aggregateHeader(.array, type, line)
        case UInt8(ascii: "~"): return try aggregateHeader(.set, type, line)
        case UInt8(ascii: ">"): return try aggregateHeader(.push, type, line)
        case UInt8(ascii: "%"): return try aggregateHeader(.map, type, line, valuesEach: 2)
        case UInt8(ascii: "|"): return try aggregateHeader(.attribute, type, line, valuesEach: 2)
        default: throw .unknownType(type)
        }
    }

    private mutating func bulkHeader(
        _ kind: BulkKind, _ type: UInt8, _ line: ArraySlice<UInt8>
    ) throws(ReplyError) -> Token {
        if kind == .bulk, isMinusOne(line) { return .value(.null) }
        guard let length = Int(digits: line, isNegative: false), length <= limits.maxBulkLength else {
            throw .invalidLength(type: type)
        }
        pendingBulk = (kind, length)
        return .skipped
    }

    private mutating func aggregateHeader(
        _ kind: Aggregate.Kind, _ type: UInt8, _ line: ArraySlice<UInt8>, valuesEach: Int = 1
    ) throws(ReplyError) -> Token {
        if kind == .array, isMinusOne(line) { return .value(.null) }
        guard let count = Int(digits: line, isNegative: false) else { throw .invalidLength(type: type) }
        return try begin(kind, count: count, valuesEach: valuesEach)
    }

    /// Takes a string whose header was read, once all of it is here.
    private mutating func bulk(_ kind: BulkKind, length: Int) throws(ReplyError) -> Token {
        guard input.count - 2 >= length else { return .needMoreBytes }
        let end = input.start + length
        guard input.bytes[end] == ASCII.carriageReturn, input.bytes[end + 1] == ASCII.lineFeed else {
            throw .missingLineEnd
        }
        let value: Value
        switch kind {
        case .bulk: value = .bulk(Array(input.bytes[input.start..<end]))
        case .error: value = .blobError(Array(input.bytes[input.start..<end]))
        case .verbatim:
            guard length >= 4, input.bytes[input.start + 3] == UInt8(ascii: ":") else {
                throw .malformed(type: UInt8(ascii: "="))
            }
            value = .verbatim(
                Array(input.bytes[(input.start + 4)..<end]),
                format: Array(input.bytes[input.start..<(input.start + 3)]))
        }
        pendingBulk = nil
        input.consume(upTo: end + 2)
        return .value(value)
    }
}

// MARK: - Lines

extension ReplyParser {
    private func isMinusOne(_ line: ArraySlice<UInt8>) -> Bool { line.elementsEqual("-1".utf8) }

    /// Splits off a sign; leading zeros are allowed where a server, not a client, wrote the number.
    private func signed(_ line: ArraySlice<UInt8>) -> (isNegative: Bool, digits: ArraySlice<UInt8>) {
        switch line.first {
        case ASCII.minus: (true, line.dropFirst())
        case UInt8(ascii: "+"): (false, line.dropFirst())
        default: (false, line)
        }
    }

    private func integer(_ line: ArraySlice<UInt8>) throws(ReplyError) -> Int {
        let (isNegative, digits) = signed(line)
        guard let number = Int(digits: digits, isNegative: isNegative) else {
            throw .malformed(type: UInt8(ascii: ":"))
        }
        return number
    }

    private func null(_ line: ArraySlice<UInt8>) throws(ReplyError) -> Value {
        guard line.isEmpty else { throw .malformed(type: UInt8(ascii: "_")) }
        return .null
    }

    private func boolean(_ line: ArraySlice<UInt8>) throws(ReplyError) -> Value {
        if line.elementsEqual("t".utf8) { return .boolean(true) }
        if line.elementsEqual("f".utf8) { return .boolean(false) }
        throw .malformed(type: UInt8(ascii: "#"))
    }

    /// Reads a decimal number, `inf`, `-inf` or `nan`; not the hexadecimal forms Swift would also take.
    private func double(_ line: ArraySlice<UInt8>) throws(ReplyError) -> Value {
        let text = String(decoding: line, as: UTF8.self)
        let isDecimal = line.allSatisfy { byte in
            ASCII.isDigit(byte) || "+-.eE".utf8.contains(byte)
        }
        guard isDecimal || ["inf", "-inf", "+inf", "nan", "-nan"].contains(text), let number = Double(text) else {
            throw .malformed(type: UInt8(ascii: ","))
        }
        return .double(number)
    }

    private func bigNumber(_ line: ArraySlice<UInt8>) throws(ReplyError) -> Value {
        let digits = signed(line).digits
        guard !digits.isEmpty, digits.allSatisfy(ASCII.isDigit) else {
            throw .malformed(type: UInt8(ascii: "("))
        }
        return .bigNumber(Array(line))
    }
}
