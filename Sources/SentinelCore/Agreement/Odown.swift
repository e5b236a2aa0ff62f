// SPDX-License-Identifier: Apache-2.0

// Objectively down: enough sentinels say the same. The others are asked as soon as this one holds the master down, and
// again soon while they don't; a peer's own question shows that it has come to hold the master down too.
// - Source: spec/monitoring.md 4, 4.1; design.md 4.

extension Sentinel {
    /// Recomputes odown; an opinion, never persisted.
    mutating func updateOdown(_ id: Master.ID, at now: Instant) {
        let reports = masters[id].presence.isSdown ? 1 + masters[id].peers.count { $0.reportsMasterDown } : 0
        let isDown = reports >= masters[id].quorum && reports > 0
        switch (masters[id].odownSince, isDown) {
        case (nil, true):
            masters[id].odownSince = now
            emit(.odown(label(id), reports: reports, quorum: masters[id].quorum))
        case (.some, false):
            masters[id].odownSince = nil
            masters[id].candidacyAt = nil
            // The next time is another matter: votes that split in this one are no reason to wait then.
            masters[id].splitVotes = 0
            emit(.odownCleared(label(id)))
        case (nil, false), (.some, true): break
        }
    }

    /// Drops opinions that were not renewed, and says when the next would expire.
    mutating func expireOpinions(_ id: Master.ID, at now: Instant) -> Instant? {
        let limit = timing.askPeriod * 5
        var deadline: Instant?
        for index in masters[id].peers.indices {
            let peer = masters[id].peers[index]
            guard let opinionAt = peer.opinionAt, peer.reportsMasterDown || peer.vote != nil else { continue }
            if now - opinionAt > limit {
                masters[id].peers[index].reportsMasterDown = false
                masters[id].peers[index].vote = nil
            } else {
                deadline = .earlier(deadline, opinionAt + limit + .microseconds(1))
            }
        }
        return deadline
    }

    /// Asks whom it is time to ask, and says when the next is.
    mutating func askPeers(_ id: Master.ID, at now: Instant) -> Instant? {
        guard masters[id].presence.isSdown else { return nil }
        var soughtEpoch: Epoch?
        if let failover = masters[id].failover {
            // Asking for votes tells our own, so that must be durable.
            guard durability.covers(masters[id].voteGeneration) else {
                durability.hold(id, until: masters[id].voteGeneration)
                return nil
            }
            if case .waitStart = failover.stage { soughtEpoch = failover.epoch }
        }
        var deadline: Instant?
        for index in masters[id].peers.indices {
            let peer = masters[id].peers[index]
            guard canBeAsked(peer), let connection = links[peer.presence.link].command else { continue }
            let due = peer.askedAt.map { $0 + timing.askPeriod } ?? peer.askDueAt ?? now
            guard due <= now else {
                deadline = .earlier(deadline, due)
                continue
            }
            let request = Request.isMasterDown(
                announced(masters[id].presence.address), epoch: soughtEpoch ?? currentEpoch,
                candidate: soughtEpoch.map { _ in myID })
            perform(.send(connection.id, request, renamed: []))
            links[peer.presence.link].pending += 1
            links[peer.presence.link].asked.append(
                Question(master: id, address: masters[id].presence.address, epoch: soughtEpoch))
            masters[id].peers[index].askedAt = now
            masters[id].peers[index].askDueAt = nil
            deadline = .earlier(deadline, now + timing.askPeriod)
        }
        return deadline
    }

    /// Has every peer asked at once, whatever is under way.
    mutating func askEveryone(_ id: Master.ID, at now: Instant) {
        for index in masters[id].peers.indices {
            masters[id].peers[index].askedAt = nil
            masters[id].peers[index].askDueAt = now
            masters[id].peers[index].askPause = timing.firstAskPause
        }
        touch(.master(id), at: now)
    }

    mutating func opinionReceived(_ opinion: Opinion, on link: Link.ID, at now: Instant) {
        guard let question = links[link].asked.takeFirst() else {
            counters.malformedReplies += 1
            return
        }
        let id = question.master
        guard masters.contains(id), let index = masters[id].peers.firstIndex(where: { $0.presence.link == link })
        else { return }
        let old = masters[id].peers[index]
        // A newer question may be under way behind this answer.
        if !links[link].asked.contains(about: id) { masters[id].peers[index].askedAt = nil }
        guard question.address.isSameNode(as: masters[id].presence.address), !old.isUsurped else {
            return touch(.master(id), at: now)
        }
        masters[id].peers[index].opinionAt = now
        masters[id].peers[index].reportsMasterDown = opinion.isDown
        if let vote = opinion.vote {
            if old.vote?.epoch != vote.epoch { emitLog(.voted(peer: old.runID, vote)) }
            masters[id].peers[index].vote = vote
        }
        // No vote, or one from before: in that epoch there won't be another. The original refuses once it has heard of
        // a newer epoch, be it another group's.
        if let epoch = question.epoch, (opinion.vote?.epoch ?? .zero) < epoch {
            masters[id].peers[index].refusedVoteIn = epoch
        }
        let failover = masters[id].failover
        let soughtEpoch = failover?.stage == .waitStart ? failover?.epoch : nil
        let isSettled = opinion.isDown && (soughtEpoch == nil || opinion.vote != nil)
        // This was the answer to an older question: the vote is still to be asked for.
        let isOutdated = soughtEpoch != nil && question.epoch != soughtEpoch
        masters[id].peers[index].askDueAt =
            isOutdated ? now : now + (isSettled ? timing.askPeriod : old.askPause)
        masters[id].peers[index].askPause =
            isSettled ? timing.firstAskPause : min(old.askPause * 2, timing.askPeriod)
        touch(.master(id), at: now)
    }

    /// A peer that answers something else is asked again a period later.
    mutating func opinionRefused(on link: Link.ID, at now: Instant) {
        guard let id = links[link].asked.takeFirst()?.master else { return }
        guard masters.contains(id), let index = masters[id].peers.firstIndex(where: { $0.presence.link == link })
        else { return }
        masters[id].peers[index].askedAt = nil
        masters[id].peers[index].askDueAt = now + timing.askPeriod
    }

    /// A peer asks about a master that we hold down too: whoever did not agree a moment ago may do so now.
    mutating func peerAsked(about id: Master.ID, at now: Instant) {
        guard masters[id].presence.isSdown, masters[id].odownSince == nil else { return }
        for index in masters[id].peers.indices
        where !masters[id].peers[index].reportsMasterDown && masters[id].peers[index].askedAt == nil {
            masters[id].peers[index].askDueAt = now
        }
        touch(.master(id), at: now)
    }
}
