// SPDX-License-Identifier: Apache-2.0

/// The name an operator gives a group: one master and its replicas. Case-sensitive.
package struct MasterName: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// Takes any text; `isWellFormed` says whether it may be monitored.
    package init(_ text: String) { self.text = text }

    /// Whether the name can stand in a hello message and in a line of the configuration file.
    ///
    /// Refused are the empty name, commas, white space, control characters and quotes.
    /// - Source: spec/defects.md 11; the original accepts such names and breaks on them.
    package var isWellFormed: Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "\"")
                    && byte != UInt8(ascii: "'")
            }
    }

    package var description: String { text }

    /// Byte by byte: to `String` two ways of writing one letter are the same.
    package static func == (left: MasterName, right: MasterName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }
}

/// The identity of a process: 40 characters, drawn at random; a sentinel keeps its own for life.
///
/// - Source: spec/config-and-process.md 2, myid: any characters, exactly 40 of them.
package struct RunID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    /// `nil` unless the text has exactly 40 bytes.
    package init?(_ text: String) {
        guard text.utf8.count == 40 else { return nil }
        self.text = text
    }

    /// What a peer or a client called a sentinel, of any length: the wire does not check it.
    package init(heard text: String) { self.text = text }

    /// Draws 40 hexadecimal digits.
    package init(using generator: inout some RandomNumberGenerator) {
        let digits = Array("0123456789abcdef")
        text = String((0..<40).map { _ in digits[Int.random(in: 0..<16, using: &generator)] })
    }

    package static func < (left: RunID, right: RunID) -> Bool { left.text < right.text }
    package var description: String { text }
}

/// A logical time of the whole quorum: raised by one for each failover attempt, never lowered.
package struct Epoch: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static let zero = Epoch(0)

    /// The epoch after this one; stays at the greatest instead of wrapping to zero.
    package var next: Epoch { number == .max ? self : Epoch(number + 1) }

    /// The greatest epoch that is believed at once by somebody in this one.
    ///
    /// A quorum that fails over each second needs 30,000 years to get to 2^40. Whoever asks may say any number; were it
    /// believed at once, one request could use up all epochs that there are. From there on it takes as many requests.
    /// - Source: spec/defects.md 2.
    var greatestBelievable: Epoch { Epoch(max(1 << 40, number.addingReportingOverflow(1 << 20).partialValue, number)) }

    package static func < (left: Epoch, right: Epoch) -> Bool { left.number < right.number }
    package var description: String { String(number) }
}

/// A host as it was written, a numeric address or a name, and a TCP port; port 0 means "do not connect".
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `host:port`, an IPv6 address in brackets.
    package var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A password. Its bytes leave only by `reveal()`, so that no log, event or error text shows it by accident.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: String) { bytes = Array(text.utf8) }

    package var isEmpty: Bool { bytes.isEmpty }
    package func reveal() -> [UInt8] { bytes }

    package var description: String { "******" }
    package var debugDescription: String { "******" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
