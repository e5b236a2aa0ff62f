// SPDX-License-Identifier: Apache-2.0

// Calls on processes and signals; the rules are those of System.swift.

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

nonisolated extension System {
    static func ignoreSignal(_ number: Int32) { signal(number, SIG_IGN) }

    /// Undoes an inherited "ignored", under which ended children would vanish before they are asked for.
    static func keepEndedChildren() { _ = endedChildrenAreKept }

    /// Once, since a handler may have been set afterwards.
    private static let endedChildrenAreKept: Bool = {
        signal(SIGCHLD, SIG_DFL)
        return true
    }()

    /// Whether there is a process of this number, whoever's it is.
    static func isRunning(_ process: Int32) -> Bool { kill(process, 0) == 0 || errno == EPERM }

    /// Starts a program in a process group of its own, with default signal handling and nothing on standard input.
    ///
    /// Descriptors stay out of it by being close-on-exec, as all that are opened here are.
    ///
    /// - Parameter outputs: What becomes its standard output and standard errors; ours are inherited without.
    /// - Throws: What `execve` had against the program, too.
    static func spawn(
        _ path: String, arguments: [String], environment: [String], outputs: (Descriptor, Descriptor)? = nil
    ) throws(SystemError) -> Int32 {
        #if os(Linux)
            var attributes = posix_spawnattr_t()
            var actions = posix_spawn_file_actions_t()
        #else
            var attributes: posix_spawnattr_t?
            var actions: posix_spawn_file_actions_t?
        #endif
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        if let (output, errors) = outputs {
            posix_spawn_file_actions_adddup2(&actions, output.number, STDOUT_FILENO)
            posix_spawn_file_actions_adddup2(&actions, errors.number, STDERR_FILENO)
        }

        var allSignals = sigset_t()
        sigfillset(&allSignals)
        posix_spawnattr_setsigdefault(&attributes, &allSignals)
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var process: pid_t = 0
        let code = withCStrings([path] + arguments) { arguments in
            withCStrings(environment) { environment in
                posix_spawn(&process, path, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw failure("posix_spawn", code) }
        return process
    }

    /// A pipe: the end that is read from, which never blocks, and the one that is written to, which may. Both stay out
    /// of children.
    static func makePipe() throws(SystemError) -> (reading: Descriptor, writing: Descriptor) {
        var ends: [Int32] = [-1, -1]
        #if os(Linux)
            // At once, for a child may be started meanwhile on another thread.
            _ = try retrying("pipe2") { pipe2(&ends, O_CLOEXEC) }
        #else
            _ = try retrying("pipe") { pipe(&ends) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        #endif
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (Descriptor(ends[0]), Descriptor(ends[1]))
    }

    /// This process's environment, as `NAME=value`.
    static var environment: [String] {
        #if os(Linux)
            var entry = swift_sentinel_environment()
        #else
            var entry = _NSGetEnviron().pointee
        #endif
        var result: [String] = []
        while let pointer = entry?.pointee {
            result.append(String(cString: pointer))
            entry = entry?.successor()
        }
        return result
    }

    #if os(Linux)
        /// A descriptor that is readable once the process has ended; Linux before 5.3 and some sandboxes have none.
        static func processDescriptor(_ process: Int32) throws(SystemError) -> Descriptor {
            Descriptor(try retrying("pidfd_open") { swift_sentinel_pidfd_open(process) })
        }
    #endif

    /// Returns when the process has ended, and leaves it to be reaped; for a thread that may wait.
    static func waitForEnd(of process: Int32) {
        var information = siginfo_t()
        #if canImport(Glibc)
            let kind = P_PID
        #elseif os(Linux)
            let kind = idtype_t(rawValue: UInt32(swift_sentinel_p_pid))
        #else
            let kind = P_PID
        #endif
        _ = try? retrying("waitid") { waitid(kind, id_t(process), &information, WEXITED | WNOWAIT) }
    }

    /// A child that has ended and was not reaped yet; it stays so.
    static func endedChild() -> Int32? {
        #if os(Linux) && !canImport(Glibc)
            let kind = idtype_t(rawValue: UInt32(swift_sentinel_p_all))
        #else
            let kind = P_ALL
        #endif
        var information = siginfo_t()
        guard (try? retrying("waitid") { waitid(kind, 0, &information, WEXITED | WNOHANG | WNOWAIT) }) != nil else {
            return nil
        }
        #if os(Linux)
            let process = swift_sentinel_child(&information)
        #else
            let process = information.si_pid
        #endif
        return process > 0 ? process : nil
    }

    /// How the process ended, which makes its number free for others, or `nil` while it runs.
    static func reap(_ process: Int32) -> ProcessExit? {
        var status: Int32 = 0
        do throws(SystemError) {
            guard try retrying("waitpid", { waitpid(process, &status, WNOHANG) }) != 0 else { return nil }
        } catch {
            return .unknown
        }
        let signal = status & 0x7f
        return signal == 0 ? .code(status >> 8 & 0xff) : .signal(signal)
    }

    /// Sends `signal` to all processes of the group; none being left is as good.
    static func signalGroup(_ group: Int32, _ signal: Int32) {
        precondition(group > 1, "not a group of a child")
        kill(-group, signal)
    }

    /// Calls `body` with a zero-terminated array of C strings.
    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var offsets: [Int] = []
        var bytes: [CChar] = []
        for string in strings {
            offsets.append(bytes.count)
            bytes.append(contentsOf: string.utf8.lazy.map { CChar(bitPattern: $0) })
            bytes.append(0)
        }
        return bytes.withUnsafeMutableBufferPointer { characters in
            withUnsafeTemporaryAllocation(
                of: UnsafeMutablePointer<CChar>?.self, capacity: offsets.count + 1
            ) { pointers in
                for (index, offset) in offsets.enumerated() {
                    pointers.initializeElement(at: index, to: characters.baseAddress.map { $0 + offset })
                }
                pointers.initializeElement(at: offsets.count, to: nil)
                guard let first = pointers.baseAddress else { preconditionFailure("an allocation of at least one") }
                return body(first)
            }
        }
    }
}
