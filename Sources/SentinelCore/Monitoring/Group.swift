// SPDX-License-Identifier: Apache-2.0

extension Sentinel {
    /// Does everything the group needs now, and says when it is to be looked at again.
    mutating func advance(master id: Master.ID, at now: Instant) -> Instant? {
        var deadline = sendInfos(id, at: now)
        if !tilt.isOn {
            deadline = .earlier(deadline, updateSdown(id, at: now))
            deadline = .earlier(deadline, expireOpinions(id, at: now))
            updateOdown(id, at: now)
            deadline = .earlier(deadline, standIfDue(id, at: now))
            advanceFailover(id, at: now)
            guard masters.contains(id) else { return nil }
            deadline = .earlier(deadline, askPeers(id, at: now))
            deadline = .earlier(deadline, failoverDeadline(id))
            // A step may have made an INFO due.
            deadline = .earlier(deadline, sendInfos(id, at: now))
        }
        return .earlier(deadline, sendHellos(id, at: now))
    }
}
