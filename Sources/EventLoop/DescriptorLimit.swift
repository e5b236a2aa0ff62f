// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many descriptors this process may have open.
package nonisolated enum DescriptorLimit {
    /// The limit in force.
    package static var current: Int { Int(clamping: limits().current) }

    /// Raises the limit in force to `wanted`, or as far as the system lets it.
    ///
    /// - Returns: What the system had against `wanted`; `nil` when the limit is as high.
    package static func raise(to wanted: Int) -> SystemError? {
        let old = limits()
        let wanted = UInt64(clamping: wanted)
        guard old.current < wanted else { return nil }
        guard let error = set(current: wanted, maximum: max(wanted, old.maximum)) else { return nil }
        return old.maximum >= wanted ? error : set(current: old.maximum, maximum: old.maximum) ?? error
    }

    #if canImport(Glibc)
        private static var resource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    #else
        private static var resource: Int32 { RLIMIT_NOFILE }
    #endif

    private static func limits() -> (current: UInt64, maximum: UInt64) {
        var limit = rlimit()
        getrlimit(resource, &limit)
        return (UInt64(limit.rlim_cur), UInt64(limit.rlim_max))
    }

    private static func set(current: UInt64, maximum: UInt64) -> SystemError? {
        var limit = rlimit(rlim_cur: rlim_t(current), rlim_max: rlim_t(maximum))
        return setrlimit(resource, &limit) == 0 ? nil : SystemError(call: "setrlimit", errno: errno)
    }
}
