// SPDX-License-Identifier: Apache-2.0

// Epochs, votes and the choice of who replaces a master.
//
// One vote per epoch and group, durable before it is told; epochs are shared by all groups, votes are not, so a group
// may still be voted on in an epoch that another group has already left behind. Candidates keep out of each other's
// way: when odown is reached they are ranked by a mixture of epoch and run ID that all compute alike, and each stands a
// few tens of milliseconds after the one before, unless it was asked for its vote meanwhile. If votes split all the
// same, nobody can win and it is known at once, then the next epoch is tried soon instead of after twice the failover
// timeout.
//
// That another group has gone on to a later epoch takes nothing from a vote: two majorities for one group and epoch
// share a voter, who votes once in it (`leaderEpoch` only rises, and is on disk first), and whoever took part in a
// later election of the group, or knows its outcome, refuses. The original's sentinels refuse in more cases and count
// votes as we do, so a quorum of both kinds elects no leader that one of theirs alone would not.
// - Source: spec/monitoring.md 5; design.md 4.

extension Sentinel {
    /// Adopts a greater epoch, as far as one is believed at once.
    mutating func raiseEpoch(to epoch: Epoch, heardFor name: MasterName) {
        let epoch = min(epoch, currentEpoch.greatestBelievable)
        guard epoch > currentEpoch else { return }
        currentEpoch = epoch
        persist()
        emit(.epochRaised(epoch, name))
    }

    /// Votes, if this sentinel has not voted in that epoch yet. What was voted is in the group's `leader` then.
    ///
    /// A question names an address and no group. Where an address that went from one group to another is both groups'
    /// master's, the vote counts for both, so that neither gets a second one in the epoch.
    mutating func vote(for candidate: RunID, in epoch: Epoch, master id: Master.ID, at now: Instant) {
        raiseEpoch(to: epoch, heardFor: masters[id].name)
        guard epoch <= currentEpoch, masters[id].leaderEpoch < epoch, masters[id].configEpoch < epoch else { return }
        let namesakes = othersWithMaster(of: id)
        let given = namesakes.first { masters[$0].leaderEpoch == epoch }.flatMap { masters[$0].leader }
        let candidate = given ?? candidate
        let generation = persist()
        for group in [id] + namesakes where group == id || masters[group].leaderEpoch < epoch {
            masters[group].leader = candidate
            masters[group].leaderEpoch = epoch
            masters[group].voteGeneration = generation
        }
        // A vote that a crash could undo is told to nobody, not even to the log.
        emit(.voted(Vote(candidate: candidate, epoch: epoch), masters[id].name), once: generation)
        guard candidate != myID else { return }
        masters[id].attemptedAt = now
        masters[id].retryAt = nil
        masters[id].candidacyAt = nil
    }

    /// How the attempt of this sentinel stands.
    func electionVerdict(_ id: Master.ID, _ failover: Failover) -> Quorum.Verdict {
        let master = masters[id]
        var votes: [(RunID, Int)] = []
        func count(_ candidate: RunID) {
            if let index = votes.firstIndex(where: { $0.0 == candidate }) {
                votes[index].1 += 1
            } else {
                votes.append((candidate, 1))
            }
        }
        // A later vote for oneself was for the same master under another name; this attempt's came before.
        let isOvertaken = master.leader != myID && master.leaderEpoch > failover.epoch
        if let leader = master.leader, master.leaderEpoch >= failover.epoch, !isOvertaken { count(leader) }
        var open = 0
        var refused = 0
        var unheard: [RunID] = []
        for peer in master.peers {
            if let vote = peer.vote, vote.epoch >= failover.epoch {
                // A peer that is in a later epoch won't vote in this one any more.
                if vote.epoch == failover.epoch { count(vote.candidate) }
            } else if peer.refusedVoteIn == failover.epoch {
                refused += 1
            } else if canBeAsked(peer), !peer.presence.isSdown {
                open += 1
            } else {
                unheard.append(peer.runID)
            }
        }
        let needed = Quorum.needed(voters: master.voters, quorum: master.quorum)
        let verdict = Quorum.verdict(for: myID, votes: votes, open: open, needed: needed)
        guard verdict == .split else { return verdict }
        // Too few can be heard: that is no split vote, and trying again soon would not mend it.
        let heard = votes.reduce(open + refused) { $0 + $1.1 }
        // Who stands has voted for himself first, whether he can be heard here or not.
        let hasWonUnheard = unheard.contains { candidate in
            votes.contains { $0.0 == candidate && $0.1 + 1 >= needed }
        }
        return hasWonUnheard ? .lostUnheard : heard < needed ? .pending : isOvertaken ? .lost : .split
    }

    /// After a split vote the next attempt comes soon, later after each further one.
    mutating func retrySplitVote(_ id: Master.ID, at now: Instant) {
        masters[id].splitVotes += 1
        guard masters[id].splitVotes <= 8 else { return }
        let spread = candidacyStagger * (1 << min(masters[id].splitVotes, 5))
        let part = Double.random(in: 0..<1, using: &generator)
        masters[id].retryAt = now + rankDelay(id) + spread * part
    }

    /// Without a replica to promote, it is looked for again after one second and after two more, then each second. One
    /// that knows of no replica at all won't hear of any while the master is down, and leaves it to the others.
    ///
    /// - Source: spec/defects.md 48; the original always waits twice the failover timeout.
    mutating func retryFruitlessAttempt(_ id: Master.ID, at now: Instant) {
        guard !masters[id].replicas.isEmpty else { return }
        let pause = Duration.seconds(masters[id].fruitlessAttempts == 1 ? 2 : 1)
        masters[id].fruitlessAttempts += 1
        masters[id].retryAt = now + pause
    }

    /// Whether to stand again would be to no avail, for the attempts before found nobody and there is nobody now.
    ///
    /// Each costs an epoch, and keeps voters from standing who may reach a replica that this sentinel does not; so it
    /// only looks, but for an attempt in the usual distance. A master that follows its own replica can be mended by one
    /// that is elected, as long as it answers. Nor is anybody elected whose own vote can't be saved.
    private func wouldBeFruitless(_ id: Master.ID, at now: Instant) -> Bool {
        guard let attemptedAt = masters[id].attemptedAt, now - attemptedAt < masters[id].failoverTimeout * 2
        else { return false }
        if durability.isFailing { return true }
        guard isMerelyLooking(id), !mayBeRestored(id, at: now) else { return false }
        return ReplicaSelection.best(of: replicaCandidates(id, trustsFirstAnswer: true, at: now)) == nil
    }

    /// Whether the attempts before found nobody, so that others go first even if this one has somebody again.
    private func isMerelyLooking(_ id: Master.ID) -> Bool {
        masters[id].fruitlessAttempts > Self.attemptsBeforeLooking
    }

    private static let attemptsBeforeLooking = 2

    /// When this sentinel may stand for election, given when the last attempt was.
    ///
    /// The distance is for whoever was voted for to do his work; one that has gone down since won't. Who was held down
    /// when he asked lives all the same.
    /// - Source: spec/monitoring.md 5.2; spec/defects.md 58.
    private func candidacyAllowedAt(_ id: Master.ID) -> Instant? {
        if let retryAt = masters[id].retryAt { return retryAt }
        guard let attemptedAt = masters[id].attemptedAt else { return nil }
        let regular = attemptedAt + masters[id].failoverTimeout * 2
        guard let leader = masters[id].leader, leader != myID, let index = masters[id].peerIndex(leader),
            let downSince = masters[id].peers[index].presence.sdownSince
        else { return regular }
        return min(regular, max(attemptedAt + masters[id].downAfter, downSince))
    }

    /// How long this sentinel lets better candidates go first; all do who reach a replica, if it reaches none.
    private func rankDelay(_ id: Master.ID) -> Duration {
        let epoch = currentEpoch.next
        let own = Self.rank(myID, epoch)
        let better = masters[id].peers.count { peer in
            guard canBeAsked(peer), !peer.presence.isSdown else { return false }
            let theirs = Self.rank(peer.runID, epoch)
            return (theirs, peer.runID) < (own, myID)
        }
        let reachesReplica = masters[id].replicas.contains { replica in
            links[replica.presence.link].canSend && !replica.presence.isSdown
        }
        return candidacyStagger * (better + (reachesReplica ? 0 : masters[id].peers.count + 1))
    }

    /// Distance between two ranks: a candidate is heard of when its own vote is on disk, so where disks are slow, or
    /// busy with many groups at once, the next one gives it more time.
    private var candidacyStagger: Duration {
        min(max(timing.candidacyStagger, durability.delay * 2), timing.longestCandidacyStagger)
    }

    /// FNV-1a over run ID and epoch: every sentinel computes the same, and each epoch favours another one.
    static func rank(_ runID: RunID, _ epoch: Epoch) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in runID.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            hash = (hash ^ (epoch.number >> shift & 0xFF)) &* 0x100_0000_01B3
        }
        return hash
    }

    /// Stands for election if it is time, and says when it will be.
    mutating func standIfDue(_ id: Master.ID, at now: Instant) -> Instant? {
        guard masters[id].odownSince != nil, masters[id].failover == nil else { return nil }
        if let allowedAt = candidacyAllowedAt(id), allowedAt > now {
            if masters[id].retryAt == nil, masters[id].delayLoggedUntil != allowedAt {
                masters[id].delayLoggedUntil = allowedAt
                emitLog(.nextFailoverDelay(allowedAt - now))
            }
            return allowedAt
        }
        if wouldBeFruitless(id, at: now) {
            let next = now + .seconds(1)
            masters[id].retryAt = next
            masters[id].candidacyAt = nil
            return next
        }
        let isRanked = masters[id].retryAt == nil || isMerelyLooking(id)
        let candidacyAt = masters[id].candidacyAt ?? now + (isRanked ? rankDelay(id) : .zero)
        masters[id].candidacyAt = candidacyAt
        guard candidacyAt <= now else { return candidacyAt }
        beginFailover(id, isForced: false, at: now)
        return nil
    }
}
