// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop

/// A client that asks for masters at a steady pace, whether or not earlier answers are here, and notes how long each
/// took.
final class LatencyProbe {
    private let links: [RedisLink]
    private let groups: Int
    private let pause: UInt64
    private var samples: [Double] = []
    private var waiting = 0
    private var turn = 0
    private var isFinished = false
    private lazy var timer = DeadlineTimer { [unowned self] in ask() }

    /// Begins to ask each sentinel in turn, one question every `pauseMilliseconds`.
    init(_ sentinels: [SentinelProcess], groups: Int, pauseMilliseconds: Int) {
        links = sentinels.map { RedisLink($0.address) }
        self.groups = groups
        pause = UInt64(pauseMilliseconds) * 1_000_000
        timer.schedule(at: MonotonicClock.now)
    }

    private func ask() {
        guard !isFinished else { return }
        timer.schedule(at: MonotonicClock.now + pause)
        turn += 1
        waiting += 1
        let start = MonotonicClock.now
        let group = "group-\(Int.random(in: 0..<groups))"
        links[turn % links.count].send(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", group]) { [weak self] reply in
            self?.waiting -= 1
            if reply != nil { self?.samples.append(Double(MonotonicClock.now - start) / 1e6) }
        }
    }

    /// Asks no more, waits for the last answers for a while, and returns all times in milliseconds.
    func finish() async -> Summary? {
        isFinished = true
        try? await wait(for: "the last answers", seconds: 10) { waiting == 0 }
        timer.cancel()
        for link in links { link.close() }
        return Summary(samples)
    }
}
