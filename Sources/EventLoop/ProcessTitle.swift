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

// What process lists show is the memory in which the kernel left the arguments, followed by the environment. It is
// overwritten here, after the environment has moved elsewhere so that there is room. Where that memory is, the kernel
// tells (proc_pid_stat(5)); on other systems than Linux nothing is done.

/// What process lists show of this process.
///
/// Only before there are other threads, since the environment moves.
package nonisolated enum ProcessTitle {
    /// Shows `title` in place of all arguments; cut where the room ends.
    package static func set(_ title: String) {
        guard let area = area() else { return }
        moveEnvironment(outOf: area)
        let bytes = Array(title.utf8.prefix(area.count - 1))
        area.copyBytes(from: bytes)
        for index in bytes.count..<area.count { area[index] = 0 }
    }

    /// Overwrites the arguments at these positions with stars; 0 is the program's name.
    package static func hide(argumentsAt positions: Set<Int>) {
        guard !positions.isEmpty, let area = area() else { return }
        var position = 0
        for index in area.indices where position < CommandLine.arguments.count {
            if area[index] == 0 {
                position += 1
            } else if positions.contains(position) {
                area[index] = UInt8(ascii: "*")
            }
        }
    }

    /// The arguments and the environment, each text ending in a zero byte.
    private static func area() -> UnsafeMutableRawBufferPointer? {
        #if os(Linux)
            guard let text = try? FileReplacement.readFile("/proc/self/stat") else { return nil }
            // The second field is the program's name in parentheses, which may hold anything.
            let fields = String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 48, let start = UInt(fields[45]), let argumentsEnd = UInt(fields[46]),
                let environmentStart = UInt(fields[47]), let environmentEnd = UInt(fields[48]),
                start != 0, argumentsEnd > start, let pointer = UnsafeMutableRawPointer(bitPattern: start)
            else { return nil }
            let isWhole = environmentStart == argumentsEnd && environmentEnd >= argumentsEnd
            return UnsafeMutableRawBufferPointer(
                start: pointer, count: Int((isWhole ? environmentEnd : argumentsEnd) - start))
        #else
            return nil
        #endif
    }

    /// Gives the variables that lie in `area` memory of their own, for good.
    private static func moveEnvironment(outOf area: UnsafeMutableRawBufferPointer) {
        #if os(Linux)
            guard let start = area.baseAddress else { return }
            var entry = swift_sentinel_environment()
            while let variables = entry, let variable = variables.pointee {
                let offset = UnsafeRawPointer(variable) - UnsafeRawPointer(start)
                if area.indices.contains(offset) { variables.pointee = strdup(variable) }
                entry = variables.successor()
            }
        #endif
    }
}
