// SPDX-License-Identifier: Apache-2.0

/// How a process ended.
package nonisolated enum ProcessExit: Hashable, Sendable {
    /// By itself, with a code from 0 to 255.
    case code(Int32)
    /// By a signal.
    case signal(Int32)
    /// Nobody knows: something else in this process has asked for it before.
    case unknown
}
