// SPDX-License-Identifier: Apache-2.0

// The only place that calls the kernel.
//
// Every call follows one rule: EINTR is retried, EAGAIN on a non-blocking descriptor is a value (`wouldBlock`), EBADF
// and EFAULT trap, since only a bug here can cause them, and whatever is left becomes a `SystemError`.

#if os(Linux)
    import CLinux
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open file descriptor; plain data, whoever owns it closes it once.
package nonisolated struct Descriptor: Hashable, Sendable {
    package let number: Int32

    init(_ number: Int32) { self.number = number }

    static let standardInput = Descriptor(STDIN_FILENO)
    static let standardOutput = Descriptor(STDOUT_FILENO)
    static let standardErrors = Descriptor(STDERR_FILENO)
}

/// What a read from or a write to a non-blocking descriptor came to.
nonisolated enum Transfer: Hashable {
    case bytes(Int)
    case endOfStream
    case wouldBlock
}

/// The kernel's calls, on Swift values.
nonisolated enum System {
    /// Repeats `body` while it is interrupted and turns its error number into a `SystemError`.
    @inline(__always)
    static func retrying<Number: SignedInteger>(_ call: String, _ body: () -> Number) throws(SystemError) -> Number {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = errno
            if code == EINTR { continue }
            throw failure(call, code)
        }
    }

    /// Like `retrying`, but answers `nil` where the call would have had to wait.
    @inline(__always)
    static func unlessBlocking<Number: SignedInteger>(
        _ call: String, _ body: () -> Number
    ) throws(SystemError) -> Number? {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = errno
            if code == EINTR { continue }
            if code == EAGAIN || code == EWOULDBLOCK { return nil }
            throw failure(call, code)
        }
    }

    /// The error for `code`; traps on those only a bug in this program can cause.
    static func failure(_ call: String, _ code: Int32) -> SystemError {
        precondition(code != EBADF, "a call on a descriptor that is not open")
        precondition(code != EFAULT, "a call with a bad address")
        return SystemError(call: call, errno: code)
    }

    /// Closes `descriptor`. Never retried: it is gone even when the call was interrupted.
    static func close(_ descriptor: Descriptor) {
        #if canImport(Glibc)
            let result = Glibc.close(descriptor.number)
        #elseif canImport(Musl)
            let result = Musl.close(descriptor.number)
        #else
            let result = Darwin.close(descriptor.number)
        #endif
        precondition(result == 0 || errno != EBADF, "a descriptor was closed twice")
    }

    /// Nanoseconds of the clock that neither jumps nor stands still while the process is stopped.
    static var monotonicNanoseconds: UInt64 {
        var time = timespec()
        #if os(Linux)
            clock_gettime(CLOCK_MONOTONIC, &time)
        #else
            clock_gettime(CLOCK_UPTIME_RAW, &time)
        #endif
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
