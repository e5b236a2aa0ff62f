// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// The error numbers that decisions are taken on, by what they mean here.

nonisolated extension SystemError {
    /// Whether an accept failed because of the connection that waited, so that the next may well succeed.
    var isAboutOneConnection: Bool {
        switch errno {
        case ECONNABORTED, EPROTO, EPERM, EHOSTUNREACH, ENETUNREACH, ENETDOWN, ETIMEDOUT: true
        default: false
        }
    }

    /// Whether nothing new can be put into the directory or be given the file's mode, or be renamed over the file.
    ///
    /// A file that is mounted by itself, as containers do it, cannot be renamed over: EBUSY.
    var forbidsReplacement: Bool {
        switch (call, errno) {
        case ("open", EACCES), ("open", EPERM), ("open", EROFS), ("open", ENAMETOOLONG): true
        case ("rename", EBUSY), ("rename", EXDEV), ("rename", EACCES), ("rename", EPERM): true
        case ("fchmod", EPERM), ("fchmod", ENOTSUP): true
        default: false
        }
    }

    /// Whether a program could not be started because of what it is, rather than for want of processes or memory.
    package var isAboutProgram: Bool {
        switch errno {
        case EAGAIN, ENOMEM, EMFILE, ENFILE: false
        default: true
        }
    }

    /// Whether a socket could not be bound because this host has no such address, or none of its family.
    package var isAboutMissingAddress: Bool {
        switch errno {
        case EADDRNOTAVAIL, EAFNOSUPPORT, EPROTONOSUPPORT, EPFNOSUPPORT, ESOCKTNOSUPPORT, ENOPROTOOPT: true
        default: false
        }
    }

    /// A text that should have been the address of a socket.
    package static var notAnAddress: SystemError { SystemError(call: "sendto", errno: EINVAL) }

    var isFileExists: Bool { errno == EEXIST }
    package var isNoSuchFile: Bool { errno == ENOENT }
}

nonisolated extension System {
    static var connectionRefused: SystemError { SystemError(call: "connect", errno: ECONNREFUSED) }
    static var tooManyLinks: SystemError { SystemError(call: "readlink", errno: ELOOP) }
}
