// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop
import RESP

/// A client of the group, doing what clients are told to: ask a sentinel for the master, write there, and ask the next
/// sentinel whenever that fails.
final class Writer {
    private static let writePause: UInt64 = 5_000_000
    private static let retryPause: UInt64 = 10_000_000

    private let sentinels: [RedisLink]
    private var nextSentinel = 0
    private var master: RedisLink?
    private var isStopped = false
    private lazy var timer = DeadlineTimer { [weak self] in self?.step() }

    /// How many writes were acknowledged.
    private(set) var acknowledged = 0
    /// When the latest acknowledged write was, in nanoseconds of the monotonic clock.
    private(set) var acknowledgedAt: UInt64 = 0
    /// Called with every acknowledged write: the server's port, and the counter's value there.
    var accepted: (_ port: UInt16, _ value: Int) -> Void = { _, _ in }

    init(sentinels: [RedisLink]) { self.sentinels = sentinels }

    func start() { step() }

    func stop() {
        isStopped = true
        timer.cancel()
        master?.close()
    }

    private func step() {
        guard !isStopped else { return }
        if let master { increment(master) } else { askForMaster() }
    }

    private func continueLater(after pause: UInt64) {
        if !isStopped { timer.schedule(at: MonotonicClock.now + pause) }
    }

    private func askForMaster() {
        let sentinel = sentinels[nextSentinel % sentinels.count]
        nextSentinel += 1
        sentinel.send(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", Watcher.group]) { [weak self] reply in
            guard let self else { return }
            let words = reply?.elements?.compactMap(\.text) ?? []
            guard words.count == 2, let port = UInt16(words[1]),
                let address = SocketAddress(numericHost: words[0], port: port)
            else { return continueLater(after: Self.retryPause) }
            master = RedisLink(address)
            step()
        }
    }

    private func increment(_ link: RedisLink) {
        link.send(["INCR", "sentinel-demo:counter"]) { [weak self] reply in
            guard let self, !isStopped else { return }
            guard case .integer(let value) = reply else {
                // Gone, or no master any more.
                master = nil
                link.close()
                return continueLater(after: Self.retryPause)
            }
            acknowledged += 1
            acknowledgedAt = MonotonicClock.now
            accepted(link.address.port ?? 0, value)
            continueLater(after: Self.writePause)
        }
    }
}
