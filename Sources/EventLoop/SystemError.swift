// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A system call that failed for a reason the program has to live with.
package nonisolated struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call's name, as in its manual page.
    package let call: String
    /// The error number the call left.
    package let errno: Int32

    package init(call: String, errno: Int32) {
        self.call = call
        self.errno = errno
    }

    /// What the C library says about the error number, such as "Connection refused".
    package var message: String { String(cString: strerror(errno)) }

    package var description: String { "\(call): \(message)" }
}
