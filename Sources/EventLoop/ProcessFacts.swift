// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    import CLinux  // which of the two modules owns `timeval` depends on the order in which they are loaded
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the system knows of this process, and what a process may do to itself.
package nonisolated enum ProcessFacts {
    package static var id: Int32 { getpid() }

    /// `Linux 6.1.0 x86_64`.
    package static var system: String {
        var names = utsname()
        guard uname(&names) == 0 else { return "unknown" }
        func text(_ field: some Any) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"
    }

    /// Seconds of CPU used: by the kernel for this process, by it, and the same for the children it has reaped.
    package static var cpuSeconds: (system: Double, user: Double, childrenSystem: Double, childrenUser: Double) {
        let own = usage(0)
        let children = usage(-1)
        return (own.system, own.user, children.system, children.user)
    }

    /// The same for the thread that asks; where the system can't tell, for all threads.
    package static var threadCPUSeconds: (system: Double, user: Double) {
        #if os(Linux)
            usage(1)  // RUSAGE_THREAD
        #else
            usage(0)
        #endif
    }

    private static func usage(_ who: Int32) -> (system: Double, user: Double) {
        var usage = rusage()
        getrusage(who, &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
        return (seconds(usage.ru_stime), seconds(usage.ru_utime))
    }

    /// The program's own file.
    package static var executable: String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? -1
        }
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : CommandLine.arguments.first ?? ""
    }

    /// Where the search path has a program of this name.
    package static func program(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { canExecute($0) }
    }

    /// The longest queue of connections that the kernel keeps for a listener; `nil` where it does not tell.
    package static var longestBacklog: Int? {
        guard let text = try? FileReplacement.readFile("/proc/sys/net/core/somaxconn") else { return nil }
        return Int(String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self))
    }

    package static var currentDirectory: String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    /// `path`, from the root on.
    package static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(currentDirectory)/\(path)"
    }

    /// Makes `path` what relative paths start at.
    ///
    /// - Throws: Why that is not possible.
    package static func changeDirectory(to path: String) throws(SystemError) {
        guard chdir(path) == 0 else { throw SystemError(call: "chdir", errno: errno) }
    }

    /// Whether a file exists and may be executed.
    package static func canExecute(_ path: String) -> Bool { access(path, X_OK) == 0 }
    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether the process's user may write to what is there.
    ///
    /// - Throws: Why not.
    package static func canWrite(_ path: String) throws(SystemError) {
        guard access(path, W_OK) == 0 else { throw SystemError(call: "access", errno: errno) }
    }

    /// Whether a file may be written, or made where there is none yet.
    ///
    /// - Throws: Why not.
    package static func canMake(_ path: String) throws(SystemError) {
        guard access(path, W_OK) != 0 else { return }
        let error = SystemError(call: "access", errno: errno)
        guard error.isNoSuchFile else { throw error }
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        try canWrite(directory)
    }

    /// The files a shell pattern stands for, sorted; a text without `*`, `?` and `[` stands for itself.
    package static func paths(matching pattern: String) -> [String] {
        guard pattern.contains(where: { "*?[".contains($0) }) else { return [pattern] }
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
    }

    /// What is left to be read of standard input, up to its end. It need not be a file that could be opened again, as
    /// another user's pipe is none.
    ///
    /// - Throws: Why it can't be read.
    package static func readStandardInput() throws(SystemError) -> [UInt8] { try System.readAll(.standardInput) }

    package static let killSignal = SIGKILL

    package static func remove(_ path: String) { unlink(path) }

    /// Writes the process's number into a file.
    ///
    /// - Throws: Why it can't be written.
    package static func writeProcessID(to path: String) throws(SystemError) {
        let descriptor = try System.openEmpty(path)
        defer { System.close(descriptor) }
        try System.writeAll(descriptor, Array("\(id)\n".utf8))
    }

    /// A variable of the environment, if it is there.
    package static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Takes a variable out of the environment; only before there are other threads.
    package static func removeFromEnvironment(_ name: String) { unsetenv(name) }

    /// Stops the process until somebody continues it.
    package static func stop() { raise(SIGSTOP) }

    /// How much more or less willing the kernel is than by itself to end this process when memory runs out.
    package static var outOfMemoryScore: Int {
        guard let text = try? FileReplacement.readFile("/proc/self/oom_score_adj") else { return 0 }
        return Int(String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self)) ?? 0
    }

    /// Says how willing the kernel should be to end this process when memory runs out, from -1000 to 1000.
    ///
    /// - Throws: Why the kernel does not take it; less than before takes a privilege.
    package static func setOutOfMemoryScore(_ score: Int) throws(SystemError) {
        let descriptor = try System.openForChanging("/proc/self/oom_score_adj")
        defer { System.close(descriptor) }
        try System.writeAll(descriptor, Array("\(score)\n".utf8))
    }

    /// Writes to standard output and leaves with success.
    package static func show(_ text: String) -> Never {
        AppendFile(path: nil).append(text)
        exit(0)
    }

    /// Writes to standard error.
    package static func complain(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Ends the process at once.
    package static func exit(_ code: Int32) -> Never {
        #if canImport(Glibc)
            Glibc.exit(code)
        #elseif canImport(Musl)
            Musl.exit(code)
        #else
            Darwin.exit(code)
        #endif
    }
}
