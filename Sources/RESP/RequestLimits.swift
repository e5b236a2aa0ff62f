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
    package var message: String {
        switch self {
        case .unbalancedQuotes: "ERR Protocol error: unbalanced quotes in request"
        case .inlineTooLong: "ERR Protocol error: too big inline request"
        case .countLineTooLong: "ERR Protocol error: too big mbulk count string"
        case .bulkLineTooLong: "ERR Protocol error: too big bulk count string"
        case .invalidCount: "ERR Protocol error: invalid multibulk length"
        case .unauthenticatedCount: "ERR Protocol error: unauthenticated multibulk length"
        case .expectedBulk(let byte): "ERR Protocol error: expected '$', got '\(Unicode.Scalar(byte))'"
        case .invalidBulkLength: "ERR Protocol error: invalid bulk length"
        case .unauthenticatedBulkLength: "ERR Protocol error: unauthenticated bulk length"
        }
    }

    /// `message` for the wire, any unexpected byte in it as the client sent it.
    package var messageBytes: [UInt8] {
        guard case .expectedBulk(let byte) = self else { return Array(message.utf8) }
        return Array("ERR Protocol error: expected '$', got '".utf8) + [byte, ASCII.singleQuote]
    }
}
