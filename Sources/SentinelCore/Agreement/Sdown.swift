// SPDX-License-Identifier: Apache-2.0

// Subjectively down: what this sentinel alone has seen. - Source: spec/monitoring.md 4.

extension Sentinel {
    /// Recomputes the subjective state of everybody in the group, and says when it can change by time alone.
    mutating func updateSdown(_ id: Master.ID, at now: Instant) -> Instant? {
        var deadline = updateMasterSdown(id, at: now)
        for index in masters[id].replicas.indices {
            let link = masters[id].replicas[index].presence.link
            let isDown = isSilent(link, id, at: now)
            if masters[id].replicas[index].presence.setSdown(isDown, at: now) {
                links[link].isHeldDown = isDown
                let subject = label(id, replicaAt: index)
                emit(isDown ? .sdown(subject) : .sdownCleared(subject))
            }
            if !isDown {
                deadline = .earlier(deadline, links[link].silenceExceeds(masters[id].downAfter))
            }
        }
        for index in masters[id].peers.indices {
            let link = masters[id].peers[index].presence.link
            let isDown = isSilent(link, id, at: now)
            if masters[id].peers[index].presence.setSdown(isDown, at: now) {
                links[link].isHeldDown = isDown
                let subject = label(id, peerAt: index)
                emit(isDown ? .sdown(subject) : .sdownCleared(subject))
            }
            if !isDown {
                deadline = .earlier(deadline, links[link].silenceExceeds(masters[id].downAfter))
            }
        }
        return deadline
    }

    private mutating func updateMasterSdown(_ id: Master.ID, at now: Instant) -> Instant? {
        let link = masters[id].presence.link
        let roleLimit = masters[id].downAfter + timing.infoPeriod * 2
        let rebootLimit = masters[id].masterRebootDownAfter
        let isWrongRole =
            masters[id].info.role == .replica && now - masters[id].info.roleReportedAt > roleLimit
        let isRebooting = masters[id].rebootedAt.map { now - $0 > rebootLimit } ?? false
        let isDown = isSilent(link, id, at: now) || isWrongRole || isRebooting
        if masters[id].presence.setSdown(isDown, at: now) {
            links[link].isHeldDown = isDown
            emit(isDown ? .sdown(label(id)) : .sdownCleared(label(id)))
            if isDown { masterWentDown(id, at: now) }
        }
        guard !isDown else { return nil }
        var deadline = links[link].silenceExceeds(masters[id].downAfter)
        if masters[id].info.role == .replica {
            deadline = .earlier(deadline, masters[id].info.roleReportedAt + roleLimit + .microseconds(1))
        }
        if let rebootedAt = masters[id].rebootedAt {
            deadline = .earlier(deadline, rebootedAt + rebootLimit + .microseconds(1))
        }
        return deadline
    }

    private func isSilent(_ link: Link.ID, _ id: Master.ID, at now: Instant) -> Bool {
        links[link].silence(at: now) > masters[id].downAfter
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
