// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the demo asks of the system about itself, its files and other programs.
enum Process {
    /// The signals by which somebody asks the demo to end.
    static let endingSignals = [SIGHUP, SIGINT, SIGTERM]
    static let killSignal = SIGKILL

    private static var kept: [AnyObject] = []

    /// Lets `object` live as long as the process.
    static func keepForever(_ object: AnyObject) { kept.append(object) }

    static func exit(_ code: Int32) -> Never {
        #if canImport(Glibc)
        Glibc.exit(code)
        #elseif canImport(Musl)
        Musl.exit(code)
        #else
        Darwin.exit(code)
        #endif
    }

    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// The path of this program's file.
    static let ownPath: String? = {
        #if os(Linux)
        return resolved("/proc/self/exe")
        #else
        var size = UInt32(PATH_MAX)
        var buffer = [CChar](repeating: 0, count: Int(size))
        guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
        return buffer.withUnsafeBufferPointer { $0.baseAddress.flatMap { resolved(String(cString: $0)) } }
        #endif
    }()

    /// The path with all links followed; `nil` when there is nothing.
    private static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    /// The first program of that name on the PATH.
    static func find(_ name: String) -> String? {
        (environment("PATH") ?? "").split(separator: ":").map { "\($0)/\(name)" }.first { isExecutable($0) }
    }

    /// Kills a process and all of its group, at once.
    static func killGroup(_ process: Int32) {
        if process > 1 { kill(-process, SIGKILL) }
    }

    // MARK: Files

    /// A new directory only this user can look into; `nil` when none could be made.
    static func makeTemporaryDirectory() -> String? {
        var template = Array("\(environment("TMPDIR") ?? "/tmp")/sentinel-demo.XXXXXX".utf8CString)
        return template.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress, mkdtemp(start) != nil else { return nil }
            return String(cString: start)
        }
    }

    static func makeDirectory(_ path: String) { mkdir(path, 0o700) }

    /// Removes a directory and all that is in it. Links in it are removed, not followed.
    static func removeDirectory(_ path: String) {
        guard let directory = opendir(path) else { return }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        closedir(directory)
        for name in names where unlink("\(path)/\(name)") != 0 {
            if errno == EISDIR || errno == EPERM { removeDirectory("\(path)/\(name)") }
        }
        rmdir(path)
    }
}
