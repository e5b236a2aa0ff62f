// SPDX-License-Identifier: Apache-2.0

/// Why a connection ended without its owner having asked for it.
package nonisolated enum CloseReason: Hashable, Sendable, CustomStringConvertible {
    /// The other end finished; a half-closed connection counts as one, too.
    case endOfStream
    /// It never came about: no socket, nothing to bind to, refused, unreachable.
    case connectFailed(SystemError)
    /// It was open and broke.
    case failed(SystemError)
    /// It could not be secured, or stopped being so.
    case insecure(SecurityFailure)

    package var description: String {
        switch self {
        case .endOfStream: "closed by the other end"
        case .connectFailed(let error), .failed(let error): error.description
        case .insecure(let failure): failure.description
        }
    }
}
