// SPDX-License-Identifier: Apache-2.0

/// How much one request may ask of us.
///
/// - Source: spec/commands.md 8.
package struct RequestLimits: Sendable, Hashable {
    /// Whether the client has yet to authenticate, which makes the limits much smaller.
    package var isAuthenticationRequired = false
    /// Bytes in one argument of an array request.
    package var maxBulkLength = 512 * 1024 * 1024
    /// Bytes before the end of a line: an inline request, or the header of an array or of an argument.
    package var maxLineLength = 64 * 1024
    /// Arguments in an array request.
    package var maxCount = Int(Int32.max)
    /// Arguments before authentication.
    package var maxUnauthenticatedCount = 10
    /// Bytes in one argument before authentication.
    package var maxUnauthenticatedBulkLength = 16384

    package init(isAuthenticationRequired: Bool = false) {
        self.isAuthenticationRequired = isAuthenticationRequired
    }
}

/// How a client broke the protocol. It is told and its connection is closed.
///
/// - Source: spec/commands.md 8; the texts are the original's.
package enum RequestError: Error, Sendable, Hashable {
    case unbalancedQuotes
    case inlineTooLong
    case countLineTooLong
    case bulkLineTooLong
    case invalidCount
    case unauthenticatedCount
    case expectedBulk(got: UInt8)
    case invalidBulkLength
    case unauthenticatedBulkLength

    /// The error reply without its leading `-`.
    ///
    /// An unexpected byte above 127 stands in it as the character of that number; `messageBytes` has it as it came.
    package var message: String { "ERR Protocol error: " + reason }

    /// What is wrong, in words.
    package var reason: String {
        switch self {
        case .unbalancedQuotes: "unbalanced quotes in request"
        case .inlineTooLong: "too big inline request"
        case .countLineTooLong: "too big mbulk count string"
        case .bulkLineTooLong: "too big bulk count string"
        case .invalidCount: "invalid multibulk length"
        case .unauthenticatedCount: "unauthenticated multibulk length"
        case .expectedBulk(let byte): "expected '$', got '\(Unicode.Scalar(byte))'"
        case .invalidBulkLength: "invalid bulk length"
        case .unauthenticatedBulkLength: "unauthenticated bulk length"
        }
    }

    /// `message` for the wire, any unexpected byte in it as the client sent it.
    package var messageBytes: [UInt8] {
        guard case .expectedBulk(let byte) = self else { return Array(message.utf8) }
        return Array("ERR Protocol error: expected '$', got '".utf8) + [byte, ASCII.singleQuote]
    }
}
