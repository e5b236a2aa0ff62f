// SPDX-License-Identifier: Apache-2.0

/// Turns what a client sends into requests, as the bytes arrive.
///
/// A request is an array of bulk strings (`*1`, `$4`, `PING`) or a line of words. The parser is a machine with one
/// state for each thing it can be in the middle of, so nothing is looked at twice: a header line is searched from
/// where the last search ended, and the bytes of an argument move to the request under construction as they come,
/// whether all are here or not. That request is then exchanged for the caller's, whose memory serves the one after
/// it. An announced length reserves nothing; only bytes that came take up memory.
///
/// What the original does not check is not checked here: the byte after the CR of a header line, and the two after an
/// argument.
///
/// - Source: spec/commands.md 8; the details were asked of redis-server 7.0.15.
package struct RequestParser: Sendable {
    /// Takes effect from the next header on; an argument already begun is finished under the old limits.
    package var limits: RequestLimits

    private var input = InputBuffer()
    private var state = State.betweenRequests
    /// The arguments of the request that is not complete yet.
    private var partial = Request()

    private enum State {
        case betweenRequests
        /// A `$` line is next; `arguments` are missing, itself included.
        case bulkHeader(arguments: Int)
        /// In an argument: bytes of it still to come, then `ending` bytes of line end.
        case bulk(arguments: Int, length: Int, ending: Int)
        case failed(RequestError)
    }

    package init(limits: RequestLimits = RequestLimits()) { self.limits = limits }

    /// Bytes of memory that incomplete or unread requests take up; the caller decides how much is too much.
    package var bufferedBytes: Int { input.count + partial.heldBytes }

    /// Takes bytes from the client; after an error they are dropped.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if case .failed = state { return }
        unsafe input.append(bytes)
    }

    package mutating func append(_ bytes: [UInt8]) {
        if case .failed = state { return }
        input.append(bytes)
    }

    /// Moves the next request into `request`; `false` when it needs more bytes, and `request` is as it was.
    ///
    /// - Throws: How the client broke the protocol; from then on every call throws the same.
    package mutating func next(into request: inout Request) throws(RequestError) -> Bool {
        do {
            guard try completeRequest() else { return false }
        } catch {
            state = .failed(error)
            input.removeAll()
            partial.removeAll()
            throw error
        }
        swap(&request, &partial)
        partial.removeAll()
        return true
    }

    /// Works on `partial` until it is a whole request or the bytes run out.
    private mutating func completeRequest() throws(RequestError) -> Bool {
        while true {
            switch state {
            case .betweenRequests:
                guard let first = input.first else { return false }
                if first != UInt8(ascii: "*") {
                    guard try takeInline() else { return false }
                    if !partial.isEmpty { return true }
                } else if let count = try takeCount() {
                    if count > 0 { state = .bulkHeader(arguments: count) }
                } else {
                    return false
                }
            case .bulkHeader(let arguments):
                guard let length = try takeBulkLength() else { return false }
                state = .bulk(arguments: arguments, length: length, ending: 2)
            case .bulk(let arguments, let length, let ending):
                guard takeBulk(arguments: arguments, length: length, ending: ending) else { return false }
                if case .betweenRequests = state { return true }
            case .failed(let error):
                throw error
            }
        }
    }

    /// Takes a line of words, none if it is empty; `false` when its end is not here.
    private mutating func takeInline() throws(RequestError) -> Bool {
        guard let end = try lineEnd(ASCII.lineFeed, orThrow: .inlineTooLong) else { return false }
        guard QuotedWords.split(input.bytes[input.start..<end], into: &partial) else { throw .unbalancedQuotes }
        input.consume(upTo: end + 1)
        return true
    }

    /// Takes the `*` line: the number of arguments, which is zero or less for a request to be skipped.
    private mutating func takeCount() throws(RequestError) -> Int? {
        guard let count = try takeNumber(tooLong: .countLineTooLong, invalid: .invalidCount) else { return nil }
        guard count <= limits.maxCount else { throw .invalidCount }
        if limits.isAuthenticationRequired, count > limits.maxUnauthenticatedCount { throw .unauthenticatedCount }
        return count
    }

    /// Takes a `$` line: the length of an argument.
    private mutating func takeBulkLength() throws(RequestError) -> Int? {
        if let first = input.first, first != UInt8(ascii: "$") {
            // Told once the line is here, as any other fault of it.
            guard try headerEnd(orThrow: .bulkLineTooLong) != nil else { return nil }
            throw .expectedBulk(got: first)
        }
        guard let length = try takeNumber(tooLong: .bulkLineTooLong, invalid: .invalidBulkLength) else { return nil }
        guard length >= 0, length <= limits.maxBulkLength else { throw .invalidBulkLength }
        if limits.isAuthenticationRequired, length > limits.maxUnauthenticatedBulkLength {
            throw .unauthenticatedBulkLength
        }
        return length
    }

    /// Takes a header line: the number behind its first byte.
    private mutating func takeNumber(
        tooLong: RequestError, invalid: RequestError
    ) throws(RequestError) -> Int? {
        if let number = input.takeShortHeader() { return number }
        guard let end = try headerEnd(orThrow: tooLong) else { return nil }
        guard let number = Int(strictDecimal: input.bytes[(input.start + 1)..<end]) else { throw invalid }
        input.consume(upTo: end + 2)
        return number
    }

    /// Takes what is here of an argument and its line end, and sets the state that follows; `false` when more is to
    /// come.
    private mutating func takeBulk(arguments: Int, length: Int, ending: Int) -> Bool {
        let start = input.start
        let payload = min(length, input.count)
        let skipped = payload == length ? min(ending, input.count - payload) : 0
        if payload > 0 { partial.append(input.bytes[start..<(start + payload)]) }
        input.consume(upTo: start + payload + skipped)
        guard payload == length, skipped == ending else {
            state = .bulk(arguments: arguments, length: length - payload, ending: ending - skipped)
            return false
        }
        partial.endArgument()
        state = arguments == 1 ? .betweenRequests : .bulkHeader(arguments: arguments - 1)
        return true
    }

    /// Where the CR of a header line is, once the byte after it is here as well.
    private mutating func headerEnd(orThrow error: RequestError) throws(RequestError) -> Int? {
        guard let end = try lineEnd(ASCII.carriageReturn, orThrow: error), end + 1 < input.bytes.count else {
            return nil
        }
        return end
    }

    /// Where the line ends.
    ///
    /// The limit counts what stands before the end, whether the end is here or not, so it does not depend on how the
    /// bytes were cut. The original lets a longer line pass when its end comes with the same read.
    private mutating func lineEnd(_ terminator: UInt8, orThrow error: RequestError) throws(RequestError) -> Int? {
        let end = input.index(of: terminator)
        guard (end ?? input.bytes.count) - input.start <= limits.maxLineLength else { throw error }
        return end
    }
}
