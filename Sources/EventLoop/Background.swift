// SPDX-License-Identifier: Apache-2.0

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

/// Going on without the terminal and the process that started this one.
package nonisolated enum Background {
    /// Has standard input, output and errors lead nowhere where they are closed, or can't be read or written to.
    ///
    /// Their numbers would go to the next things that are opened, and the log into one of those.
    ///
    /// - Throws: Why `/dev/null` can't be opened.
    package static func openStandardDescriptors() throws(SystemError) {
        for number in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(number, F_GETFD) == -1 {
            _ = try System.retrying("open") { open("/dev/null", O_RDWR) }  // the lowest number that is free
        }
        let unusable = [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        for (number, mode) in unusable where fcntl(number, F_GETFL) & O_ACCMODE == mode {
            let nowhere = try System.openForChanging("/dev/null")
            dup2(nowhere.number, number)
            System.close(nowhere)
        }
    }

    /// Keeps descriptors that whoever started this process left open from the programs that it starts itself.
    ///
    /// Looked for below 1024, where a descriptor is that was handed on by mistake.
    package static func keepInheritedDescriptors() {
        for number in STDERR_FILENO + 1..<1024 { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    }

    /// Forks: the old process ends with success, the new one goes on in a session of its own, its standard input and
    /// output leading nowhere. The working directory stays.
    ///
    /// Only before the first Dispatch object exists: a fork leaves all threads but the calling one behind, and with
    /// them Dispatch's.
    ///
    /// - Throws: ENOTSUP where a process can't fork safely (Darwin).
    /// - Source: spec/config-and-process.md 7.
    package static func enter() throws(SystemError) {
        #if os(Linux)
            if try System.retrying("fork", { swift_sentinel_fork() }) != 0 { _exit(0) }
            setsid()
            let nowhere = try System.openForChanging("/dev/null")
            for number in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] { dup2(nowhere.number, number) }
            if nowhere.number > STDERR_FILENO { System.close(nowhere) }
        #else
            throw SystemError(call: "fork", errno: ENOTSUP)
        #endif
    }
}
