// SPDX-License-Identifier: Apache-2.0

import EventLoop

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What another process has used up; told on Linux only.
package enum ProcessUsage {
    /// Nanoseconds of CPU of all its threads, those that ended as well; `nil` if there is no such process.
    package static func cpuNanoseconds(of process: Int32) -> UInt64? {
        #if os(Linux)
            var clock = clockid_t()
            var time = timespec()
            guard clock_getcpuclockid(process, &clock) == 0, clock_gettime(clock, &time) == 0 else { return nil }
            return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        #else
            return nil
        #endif
    }

    /// Bytes of memory it holds.
    package static func residentBytes(of process: Int32) -> Int? {
        status(of: process, field: "VmRSS").map { $0 * 1024 }
    }

    /// A field of /proc/PID/status that is a number.
    private static func status(of process: Int32, field: String) -> Int? {
        guard let bytes = try? FileReplacement.readFile("/proc/\(process)/status") else { return nil }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("\(field):") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }
}
