// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Takes note of the end of processes that this one did not start, which is the duty of a container's first process.
///
/// Whatever a script leaves running becomes a child of process 1 when the script ends; unless that one asks how it
/// ended, its number stays taken for ever. Children that were started here are left to `ChildProcess`.
package final class OrphanReaper {
    /// How long a child of our own may stand in front of others before they are looked at again.
    private static let patienceNanoseconds: UInt64 = 500_000_000

    private var source: SignalSource?
    private var isWaiting = false

    /// Reaps from now on.
    package init() {
        System.keepEndedChildren()
        source = SignalSource(SIGCHLD) { [unowned self] in self.reapAll() }
    }

    private func reapAll() {
        while let process = System.endedChild() {
            guard !ChildProcess.mayBeRunning(process) else {
                guard !isWaiting else { return }
                isWaiting = true
                Poller.main.deadlines.after(Self.patienceNanoseconds) {
                    self.isWaiting = false
                    self.reapAll()
                }
                return
            }
            _ = System.reap(process)
        }
    }
}
