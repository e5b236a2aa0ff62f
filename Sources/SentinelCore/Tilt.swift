// SPDX-License-Identifier: Apache-2.0

// A loop that was held up has measured nothing but itself. For a while the sentinel then goes on talking but takes no
// decision on time. Being busy is not tilt: what counts is how late the sentinel was woken.
// - Source: spec/monitoring.md 2, TILT; design.md 6.

/// Whether the sentinel trusts its own measurements.
struct Tilt: Sendable {
    private(set) var since: Instant?
    /// The last time the loop was found to be held up.
    private(set) var renewedAt: Instant?

    var isOn: Bool { since != nil }

    mutating func enter(at now: Instant) {
        since = since ?? now
        renewedAt = now
    }

    mutating func leave() {
        since = nil
        renewedAt = nil
    }
}

extension Sentinel {
    /// Enters tilt if the sentinel should have been woken long before `now`, and stood still since.
    ///
    /// While it hears what has arrived in a shorter pause it is late as well, but does not stand still, unless that takes
    /// long, too.
    mutating func noticeDelay(at now: Instant) {
        guard let due = agenda.earliest,
            now - max(due, inputAt) > timing.tiltTrigger || now - due > timing.tiltTrigger * 2
        else { return }
        tilt.enter(at: now)
        distrustNames(at: now)
        emit(.tiltEntered)
        wake(.tilt, at: now + timing.tiltPeriod)
    }

    /// Whether the sentinel was held up a little. What has arrived meanwhile stands in line then, and all of it is heard
    /// before somebody's silence is judged, which waits for `.woken`.
    ///
    /// In tilt nobody is judged, and nothing has to wait, before its end is due.
    func isLate(at now: Instant) -> Bool {
        if let renewedAt = tilt.renewedAt, now - renewedAt < timing.tiltPeriod { return false }
        guard let due = agenda.earliest else { return false }
        return now - due > timing.toleratedDelay
    }

    mutating func leaveTiltIfOver(at now: Instant) {
        guard let renewedAt = tilt.renewedAt, now - renewedAt >= timing.tiltPeriod else { return }
        tilt.leave()
        emit(.tiltLeft)
        for id in masterOrder { touch(.master(id), at: now) }
    }
}
