// SPDX-License-Identifier: Apache-2.0

// Subjectively down: what this sentinel alone has seen. - Source: spec/monitoring.md 4.

extension Sentinel {
    /// Recomputes the subjective state of everybody in the group, and says when it can change by time alone.
    mutating func updateSdown(_ id: Master.ID, at now: Instant) -> Instant? {
        var deadline = updateMasterSdown(id, at: now)
        let limit = masters[id].downAfter
        for index in masters[id].replicas.indices {
            let verdict = Self.judge(&masters[id].replicas[index].presence, &links, limit: limit, at: now)
            deadline = .earlier(deadline, verdict.changesAt)
            if let isDown = verdict.news { tell(isDown, label(id, replicaAt: index)) }
        }
        for index in masters[id].peers.indices {
            let verdict = Self.judge(&masters[id].peers[index].presence, &links, limit: limit, at: now)
            deadline = .earlier(deadline, verdict.changesAt)
            if let isDown = verdict.news { tell(isDown, label(id, peerAt: index)) }
        }
        return deadline
    }

    /// Judges one instance by its silence and what else speaks against it.
    ///
    /// - Parameter isUnfit: Whether it is down however talkative it is.
    /// - Returns: The new state if it is another than before, and when it can change by time alone.
    private static func judge(
        _ presence: inout Presence, _ links: inout Slab<Link>, limit: Duration, isUnfit: Bool = false, at now: Instant
    ) -> (news: Bool?, changesAt: Instant?) {
        let link = presence.link
        let isDown = isUnfit || links[link].silence(at: now) > limit
        let isNews = presence.setSdown(isDown, at: now)
        if isNews, isDown { links[link].isHeldDown = true }
        return (isNews ? isDown : nil, isDown ? nil : links[link].silenceExceeds(limit))
    }

    private mutating func tell(_ isDown: Bool, _ subject: InstanceLabel) {
        emit(isDown ? .sdown(subject) : .sdownCleared(subject))
    }

    private mutating func updateMasterSdown(_ id: Master.ID, at now: Instant) -> Instant? {
        let limit = masters[id].downAfter
        let roleLimit = limit + timing.infoPeriod * 2
        let wrongRoleSince = masters[id].info.role == .replica ? masters[id].info.roleReportedAt : nil
        let rebootLimit = masters[id].masterRebootDownAfter
        let rebootedAt = rebootLimit > .zero ? masters[id].rebootedAt : nil
        let isUnfit =
            wrongRoleSince.map { now - $0 > roleLimit } ?? false || rebootedAt.map { now - $0 > rebootLimit } ?? false
        let verdict = Self.judge(
            &masters[id].presence, &links, limit: limit, isUnfit: isUnfit, at: now)
        if let isDown = verdict.news {
            tell(isDown, label(id))
            if isDown { masterWentDown(id, at: now) } else { masterCameBack(id, at: now) }
        }
        guard !masters[id].presence.isSdown else { return nil }
        let justAfter = Duration.microseconds(1)
        let deadline = Instant?.earlier(verdict.changesAt, wrongRoleSince.map { $0 + roleLimit + justAfter })
        return .earlier(deadline, rebootedAt.map { $0 + rebootLimit + justAfter })
    }

    /// What was to no avail in this outage is no reason to wait in the next.
    private mutating func masterCameBack(_ id: Master.ID, at now: Instant) {
        masters[id].fruitlessAttempts = 0
        guard masters[id].retryAt != nil else { return }
        masters[id].retryAt = nil
        masters[id].attemptedAt = nil
    }

    /// What follows at once: the others are asked, and the replicas looked at.
    private mutating func masterWentDown(_ id: Master.ID, at now: Instant) {
        for index in masters[id].peers.indices {
            masters[id].peers[index].askPause = timing.firstAskPause
            masters[id].peers[index].askDueAt = now
        }
        expectChange(id, at: now)
    }
}
