// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the demo asks of the system about itself and other processes.
enum Process {
    /// The signals by which somebody asks the demo to end.
    static let endingSignals = [SIGHUP, SIGINT, SIGTERM]

    private static var kept: [AnyObject] = []

    /// Lets `object` live as long as the process.
    static func keepForever(_ object: AnyObject) { kept.append(object) }

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

    /// Kills a process and all of its group, at once.
    static func killGroup(_ process: Int32) {
        if process > 1 { kill(-process, SIGKILL) }
    }
}
