// SPDX-License-Identifier: Apache-2.0

import RESP

import struct SentinelCore.SeededGenerator

extension SeededGenerator {
    mutating func bytes(_ count: ClosedRange<Int>, from alphabet: [UInt8]? = nil) -> [UInt8] {
        let length = Int.random(in: count, using: &self)
        return (0..<length).map { _ in
            if let alphabet { return alphabet[Int.random(in: 0..<alphabet.count, using: &self)] }
            return UInt8.random(in: .min ... .max, using: &self)
        }
    }

    /// Cuts `bytes` at random places.
    mutating func pieces(of bytes: [UInt8], upTo size: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...size, using: &self))
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Every byte a piece of its own.
func single(_ bytes: [UInt8]) -> [[UInt8]] { bytes.map { [$0] } }

/// All that came out of a parser until it wanted more bytes or failed.
struct Outcome<Item: Hashable, Failure: Hashable>: Hashable {
    var items: [Item] = []
    var failure: Failure?
}

/// Feeds the pieces one by one, asking for all there is after each; even pieces go in as raw memory.
func requests(_ pieces: [[UInt8]], _ limits: RequestLimits = RequestLimits()) -> Outcome<[[UInt8]], RequestError> {
    var parser = RequestParser(limits: limits)
    var outcome = Outcome<[[UInt8]], RequestError>()
    var request = Request()
    for (number, piece) in pieces.enumerated() {
        if number.isMultiple(of: 2) {
            piece.withUnsafeBytes { parser.append($0) }
        } else {
            parser.append(piece)
        }
        do {
            while try parser.next(into: &request) { outcome.items.append(request.arguments) }
        } catch {
            outcome.failure = error
        }
    }
    return outcome
}

func replies(_ pieces: [[UInt8]], _ limits: ReplyLimits = ReplyLimits()) -> Outcome<Value, ReplyError> {
    var parser = ReplyParser(limits: limits)
    var outcome = Outcome<Value, ReplyError>()
    for (number, piece) in pieces.enumerated() {
        if number.isMultiple(of: 2) {
            piece.withUnsafeBytes { parser.append($0) }
        } else {
            parser.append(piece)
        }
        do {
            while let value = try parser.next() { outcome.items.append(value) }
        } catch {
            outcome.failure = error
        }
    }
    return outcome
}
