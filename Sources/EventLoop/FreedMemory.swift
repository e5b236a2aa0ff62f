// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    import CLinux
#endif

/// What becomes of memory that was used for a moment and freed.
package nonisolated enum FreedMemory {
    /// Has the C library give freed memory back to the system soon, for the life of the process.
    ///
    /// Each state that is saved takes several megabytes for a moment where there are many groups. By default the GNU
    /// library keeps more the larger the pieces were that it has seen freed: 41 MB resident with 1,000 groups, 36 with
    /// a fixed bound. Other C libraries are left as they are.
    package static func returnSoon() {
        #if os(Linux)
            swift_sentinel_bound_kept_memory(64 * 1024)
        #endif
    }
}
