// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// What was written to and has not been sent yet.
protocol Flushable: AnyObject {
    func flush()
}

/// The connections written to in this turn, so that many small writes to one become a single send.
///
/// While events are being handled the poller empties the queue after each batch. Outside of that `MainLoop` does so at
/// the end of its round; where there is none, one block is put on the main queue for the first write and serves all
/// that follow.
final class FlushQueue {
    private var waiting: [any Flushable] = []
    private var isScheduled = false
    /// Whether events are being handled.
    private var isHandling = false
    /// Whether `MainLoop` looks at it after everything else.
    var isAttended = false

    /// Adds `client`; the caller sees to it that it waits only once.
    func append(_ client: any Flushable) {
        waiting.append(client)
        guard !isAttended, !isHandling, !isScheduled else { return }
        isScheduled = true
        DispatchQueue.main.async { self.flushScheduled() }
    }

    /// Runs `body` and then flushes what it wrote to.
    func flushing(after body: () -> Void) {
        precondition(!isHandling, "events are never handled from within a handler")
        isHandling = true
        body()
        flushAll()
        isHandling = false
    }

    private func flushScheduled() {
        isScheduled = false
        flushing(after: {})
    }

    /// Flushes until nothing waits; callbacks that write while flushing are served as well.
    func flushAll() {
        guard !waiting.isEmpty else { return }
        var index = 0
        while index < waiting.count {
            waiting[index].flush()
            index += 1
        }
        waiting.removeAll(keepingCapacity: true)
    }
}
