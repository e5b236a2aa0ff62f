// SPDX-License-Identifier: Apache-2.0

/// The text of an error that may repeat what a client sent.
///
/// Bytes put in come out as they are, also where they are no UTF-8, but end at a NUL, as in the original's.
/// - Source: redis-sentinel 7.0.15.
package struct ErrorText: Sendable, Hashable, ExpressibleByStringInterpolation, CustomStringConvertible {
    /// With its code, without the `-` in front.
    package private(set) var bytes: [UInt8]

    package init(_ text: String) { bytes = Array(text.utf8) }
    package init(stringLiteral text: String) { self.init(text) }
    package init(stringInterpolation parts: Parts) { bytes = parts.bytes }

    package var description: String { String(decoding: bytes, as: UTF8.self) }

    package struct Parts: StringInterpolationProtocol {
        fileprivate var bytes: [UInt8] = []

        package init(literalCapacity: Int, interpolationCount: Int) { bytes.reserveCapacity(literalCapacity) }

        package mutating func appendLiteral(_ text: String) { bytes += text.utf8 }
        package mutating func appendInterpolation(_ text: String) { bytes += text.utf8 }

        /// - Parameter limit: How many bytes are told at most.
        package mutating func appendInterpolation(_ argument: some Collection<UInt8>, limit: Int = .max) {
            bytes += argument.prefix(limit).prefix { $0 != 0 }
        }
    }
}
