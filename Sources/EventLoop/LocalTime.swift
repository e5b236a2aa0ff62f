// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    import CLinux  // which of the two modules owns `timespec` depends on the order in which they are loaded
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The wall clock, for people to read and for nothing else.
package nonisolated struct LocalTime {
    private let parts: tm
    private let milliseconds: Int

    /// The time `ahead` seconds from now.
    package init(ahead seconds: Int = 0) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var time = time_t(now.tv_sec) + time_t(seconds)
        var parts = tm()
        localtime_r(&time, &parts)
        self.parts = parts
        milliseconds = Int(now.tv_nsec) / 1_000_000
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    private static func padded(_ number: some BinaryInteger, _ width: Int, with character: Character = "0") -> String {
        let digits = String(number)
        return String(repeating: character, count: max(0, width - digits.count)) + digits
    }

    private var month: String { Self.months[Int(parts.tm_mon) % 12] }
    private var clock: String {
        "\(Self.padded(parts.tm_hour, 2)):\(Self.padded(parts.tm_min, 2)):\(Self.padded(parts.tm_sec, 2))"
    }

    /// `21 Nov 2026 04:05:06.789`, as the log has it.
    package var logText: String {
        "\(Self.padded(parts.tm_mday, 2)) \(month) \(Int(parts.tm_year) + 1900) \(clock).\(Self.padded(milliseconds, 3))"
    }

    /// `Nov 21 04:05:06`, as the system log has it.
    package var syslogText: String { "\(month) \(Self.padded(parts.tm_mday, 2, with: " ")) \(clock)" }

    /// `Sat Nov 21 04:05:06 2026`, as ctime(3) has it.
    package var ctimeText: String {
        let day = Self.days[Int(parts.tm_wday) % 7]
        return "\(day) \(month) \(Self.padded(parts.tm_mday, 2, with: " ")) \(clock) \(Int(parts.tm_year) + 1900)"
    }

    /// Microseconds since 1970.
    package static var microseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    }
}
