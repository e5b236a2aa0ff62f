// SPDX-License-Identifier: Apache-2.0

/// How much of a reply is believed. A server that goes beyond is broken, and its link is closed.
package struct ReplyLimits: Sendable, Hashable {
    /// Bytes in one string that announces its length.
    package var maxBulkLength = 64 * 1024 * 1024
    /// Bytes in a line that ends with CRLF.
    package var maxLineLength = 64 * 1024
    /// Values in one reply at all levels together, attributes included.
    package var maxElements = 1024 * 1024
    /// Aggregates within one another.
    package var maxDepth = 32

    package init() {}
}

/// How a server broke the protocol. Nothing that follows can be understood; the link is closed.
package enum ReplyError: Error, Sendable, Hashable {
    /// No type of value begins with this byte.
    case unknownType(UInt8)
    /// A line feed without its carriage return, or a string not followed by both.
    case missingLineEnd
    case lineTooLong
    /// What follows the type byte is not of this type: no number, neither true nor false, text without its format.
    case malformed(type: UInt8)
    /// A length is no number, is negative where null is not allowed, or exceeds the limit.
    case invalidLength(type: UInt8)
    case tooManyElements
    case tooDeep
}
