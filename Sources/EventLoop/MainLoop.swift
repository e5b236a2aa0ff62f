// SPDX-License-Identifier: Apache-2.0

// What the main thread does for the rest of the process's life.
//
// On Linux it waits in epoll itself: for all descriptors, for the earliest deadline, and for the main queue, which
// Dispatch announces by a descriptor as it does to run loops. Left to Dispatch (`dispatchMain`), a thread of its own
// would watch the epoll set and wake another for each batch of events and each timer: measured, that was a fifth of the
// CPU of a request that comes alone, and a third of the CPU of a sentinel at rest.
//
// A round of the loop serves descriptors, then the main queue, then deadlines, each as far as there was something when
// its turn came. None can keep the others from theirs, and what one round leaves over cuts the next one's wait short.
//
// A process that never gets here (the tests, whose runner serves the main queue) has Dispatch watch the epoll set and
// the deadlines, as every process has on other systems. Which it is shows when the main queue runs its first block.

import Dispatch

#if os(Linux)
    import CLinux
#endif

/// The main thread's serving of descriptors, deadlines and the main queue.
package enum MainLoop {
    /// Serves for ever; called at the end of `main.swift`.
    package static func run() -> Never {
        #if os(Linux)
            let poller = Poller.main
            poller.beginServing(announcements: Descriptor(_dispatch_get_main_queue_handle_4CF()))
            var now = MonotonicClock.now
            while true {
                poller.serveDescriptors(waitingAt: now)
                _dispatch_main_queue_callback_4CF(nil)
                now = MonotonicClock.now
                let hasFired = poller.deadlines.fire(dueAt: now)
                poller.flushQueue.flushAll()
                if hasFired { now = MonotonicClock.now }
            }
        #else
            dispatchMain()
        #endif
    }
}

#if os(Linux)
    /// The descriptor by which Dispatch tells that the main queue has something to do; reading it is all it needs.
    final class MainQueueAnnouncements: PollerClient {
        private let descriptor: Descriptor
        private var counter = [UInt8](repeating: 0, count: 8)

        init(_ descriptor: Descriptor) { self.descriptor = descriptor }

        func descriptorIsReady(_ readiness: Readiness) {
            do throws(SystemError) {
                _ = try System.readSome(descriptor, into: &counter)
            } catch {
                fatalError("The main queue cannot be served: \(error)")
            }
        }
    }
#endif
