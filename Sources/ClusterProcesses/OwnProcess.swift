// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a program that starts others asks of the system about itself.
package enum OwnProcess {
    /// The signals by which somebody asks it to end.
    package static let endingSignals = [SIGHUP, SIGINT, SIGTERM]

    private static var kept: [AnyObject] = []

    /// Lets `object` live as long as the process.
    package static func keepForever(_ object: AnyObject) { kept.append(object) }

    package static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Whether somebody looks at standard output, or standard error, at a terminal.
    package static var showsOutputOnTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    package static var showsErrorsOnTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// The path of this program's file.
    package static let path: String? = {
        #if os(Linux)
            return resolved("/proc/self/exe")
        #else
            var size = UInt32(PATH_MAX)
            var buffer = [CChar](repeating: 0, count: Int(size))
            guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
            return buffer.withUnsafeBufferPointer { $0.baseAddress.flatMap { resolved(String(cString: $0)) } }
        #endif
    }()

    /// The path of another program that was built beside this one.
    package static func sibling(_ name: String) -> String? {
        path.map { "\($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)])/\(name)" }
    }

    /// The path with all links followed; `nil` when there is nothing.
    private static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// Kills a process and all of its group, at once.
    static func killGroup(_ process: Int32) {
        if process > 1 { kill(-process, SIGKILL) }
    }

    /// Raises the limit of open descriptors, which programs started later inherit, as far as needed or possible.
    ///
    /// - Returns: The limit as it is now.
    @discardableResult
    package static func raiseDescriptorLimit(to wanted: Int) -> Int {
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        let goal = rlim_t(clamping: wanted)
        if limit.rlim_cur < goal {
            var raised = rlimit(rlim_cur: goal, rlim_max: max(goal, limit.rlim_max))
            if setrlimit(resource, &raised) != 0 {  // above the hard limit only root gets
                raised = rlimit(rlim_cur: min(goal, limit.rlim_max), rlim_max: limit.rlim_max)
                setrlimit(resource, &raised)
            }
            getrlimit(resource, &limit)
        }
        return Int(clamping: limit.rlim_cur)
    }
}
