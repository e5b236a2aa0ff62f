// SPDX-License-Identifier: Apache-2.0

import Dispatch

#if os(Linux)
    import CLinux
#endif

/// A queue beside the main one, for what the system may hold up; what is put in is done one after the other.
///
/// Dispatch gives its threads a niceness of its own. Here they have the process's: a program that is started inherits
/// that of the thread that starts it.
nonisolated struct SideQueue: Sendable {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func async(_ work: @escaping @Sendable () -> Void) {
        queue.async {
            #if os(Linux)
                swift_sentinel_take_niceness()
            #endif
            work()
        }
    }
}
