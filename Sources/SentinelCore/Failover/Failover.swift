// SPDX-License-Identifier: Apache-2.0

// Replacing a master, step by step.
//
//   waitStart ──elected or forced──▶ selectReplica ──chosen──▶ sendPromotion ──sent──▶ waitPromotion
//       │ not elected                    │ none fit               │ too late             │ too late
//       ▼                                ▼                        ▼                      ▼
//     abort                            abort                    abort                  abort
//
//   waitPromotion ──INFO says master──▶ reconfReplicas ──all follow, or too late──▶ the group has a new master
//
// The original takes a step a tick. Here each step is tried as soon as something it depends on has changed, and the
// same timeouts bound it. - Source: spec/monitoring.md 8, design.md 4.

/// Where a failover stands.
package enum FailoverStage: Sendable, Hashable {
    case waitStart
    case selectReplica
    case sendPromotion(ReplicaID)
    case waitPromotion(ReplicaID)
    case reconfReplicas(ReplicaID)
}

/// One attempt to replace a master, led by this sentinel.
struct Failover: Sendable {
    let epoch: Epoch
    let startedAt: Instant
    /// Asked for by an operator: neither quorum nor votes are needed.
    let isForced: Bool
    private(set) var stage = FailoverStage.waitStart
    private(set) var stageSince: Instant
    /// The state that must be on disk before the promotion is told; a newer one may have been heard of since.
    fileprivate(set) var promotionGeneration = Generation.zero
    /// Whether the promotion has been told: clients, scripts and the other nodes hear of it once a restart would.
    fileprivate(set) var isPromotionTold = false

    init(epoch: Epoch, isForced: Bool, at now: Instant) {
        self.epoch = epoch
        self.isForced = isForced
        startedAt = now
        stageSince = now
    }

    /// How long one that an operator asked for waits for the master's name to be answered again.
    fileprivate static let patienceWithNames = Names.doubtFor * 2

    /// Whether replicas are fit that were heard of where the master's name was answered once: what an operator asks for
    /// can wait for a second answer, a master that is down can't.
    func trustsFirstAnswer(isMasterDown: Bool) -> Bool { !isForced || isMasterDown }

    /// The replica being promoted or promoted already.
    var chosen: ReplicaID? {
        switch stage {
        case .waitStart, .selectReplica: nil
        case .sendPromotion(let id), .waitPromotion(let id), .reconfReplicas(let id): id
        }
    }

    /// Goes on to the next stage; any other order is a programmer's error.
    mutating func advance(to next: FailoverStage, at now: Instant) {
        switch (stage, next) {
        case (.waitStart, .selectReplica), (.selectReplica, .sendPromotion):
            break
        case (.sendPromotion(let old), .waitPromotion(let new)), (.waitPromotion(let old), .reconfReplicas(let new)):
            precondition(old == new, "a failover promotes the replica it chose")
        default:
            preconditionFailure("a failover takes its stages in order")
        }
        stage = next
        stageSince = now
    }
}

extension Sentinel {
    /// Takes as many steps as are possible now.
    mutating func advanceFailover(_ id: Master.ID, at now: Instant) {
        while let failover = masters[id].failover {
            let before = failover.stage
            switch before {
            case .waitStart: awaitElection(id, failover, at: now)
            case .selectReplica: selectReplica(id, failover, at: now)
            case .sendPromotion(let replica): sendPromotion(id, failover, to: replica, at: now)
            case .waitPromotion(let replica): abortIfOverdue(id, failover, to: replica, at: now)
            case .reconfReplicas(let replica): reconfigureReplicas(id, failover, promoted: replica, at: now)
            }
            if masters[id].failover?.stage == before { return }
        }
    }

    /// Starts replacing a master.
    mutating func beginFailover(_ id: Master.ID, isForced: Bool, at now: Instant) {
        raiseEpoch(to: currentEpoch.next, heardFor: masters[id].name)
        masters[id].failover = Failover(epoch: currentEpoch, isForced: isForced, at: now)
        masters[id].attemptedAt = now
        masters[id].retryAt = nil
        masters[id].candidacyAt = nil
        for index in masters[id].replicas.indices { masters[id].replicas[index].reconfiguration = .none }
        emit(.failover(.tried, label(id)))
        // One's own vote first: it must be durable before anybody is asked for his.
        vote(for: myID, in: currentEpoch, master: id, at: now)
        if masters[id].presence.isSdown { askEveryone(id, at: now) }
        expectChange(id, at: now)
    }

    mutating func abortFailover(_ id: Master.ID, _ step: Event.FailoverStep, _ subject: InstanceLabel) {
        emit(.failover(step, subject))
        masters[id].failover = nil
        // The next attempt may be due long before anything else.
        touch(.master(id), at: inputAt)
    }

    private mutating func awaitElection(_ id: Master.ID, _ failover: Failover, at now: Instant) {
        let isDurable = durability.covers(masters[id].voteGeneration)
        if !isDurable { durability.hold(id, until: masters[id].voteGeneration) }
        let verdict: Quorum.Verdict =
            !isDurable ? .pending : failover.isForced ? .won : electionVerdict(id, failover)
        switch verdict {
        case .won:
            emit(.failover(.elected, label(id)))
            if simulatedFailures.contains(.afterElection) { return crash(.afterElection) }
            masters[id].failover?.advance(to: .selectReplica, at: now)
            masters[id].splitVotes = 0
            emit(.failover(.selectingReplica, label(id)))
        case .split:
            abortFailover(id, .notElected, label(id))
            retrySplitVote(id, at: now)
        case .lost, .pending:
            let limit = min(timing.electionTimeout, masters[id].failoverTimeout)
            guard verdict == .lost || now - failover.startedAt > limit else { return }
            abortFailover(id, .notElected, label(id))
            // Nobody was asked for a vote, and none was given to another.
            if !isDurable, !failover.isForced, masters[id].leader == myID { masters[id].retryAt = now + .seconds(1) }
        case .lostUnheard:
            abortFailover(id, .notElected, label(id))
            masters[id].retryAt = now + masters[id].downAfter
        }
    }

    private mutating func selectReplica(_ id: Master.ID, _ failover: Failover, at now: Instant) {
        let trustsFirstAnswer = failover.trustsFirstAnswer(isMasterDown: masters[id].presence.isSdown)
        let candidates = replicaCandidates(id, trustsFirstAnswer: trustsFirstAnswer, at: now)
        let isWaiting = now - failover.stageSince < timing.freshInfoWait
        if isWaiting, let downSince = masters[id].presence.sdownSince,
            masters[id].replicas.contains(where: { replica in
                links[replica.presence.link].canSend && !replica.presence.isSdown
                    && (replica.info.receivedAt ?? .start) < downSince
            })
        {
            return
        }
        guard let best = ReplicaSelection.best(of: candidates) else {
            let isDoubtAll =
                !trustsFirstAnswer
                && ReplicaSelection.best(
                    of: replicaCandidates(id, trustsFirstAnswer: true, evenIfDisputed: true, at: now)) != nil
            guard !isDoubtAll || now - failover.stageSince >= Failover.patienceWithNames else { return }
            if !failover.isForced { restoreMaster(id, at: now) }
            abortFailover(id, .noGoodReplica, label(id))
            return retryFruitlessAttempt(id, at: now)
        }
        masters[id].fruitlessAttempts = 0
        masters[id].refusedRestoration = false
        let chosen = candidates[best].id
        emit(.failover(.selectedReplica, label(id, replica: chosen)))
        masters[id].failover?.advance(to: .sendPromotion(chosen), at: now)
        emit(.failover(.sendingPromotion, label(id, replica: chosen)))
    }

    private mutating func sendPromotion(_ id: Master.ID, _ failover: Failover, to replica: ReplicaID, at now: Instant) {
        guard let index = masters[id].replicaIndex(replica) else {
            return abortFailover(id, .promotionTimedOut, label(id))
        }
        guard takesOrders(masters[id].replicas[index].presence.link) else {
            return abortIfOverdue(id, failover, to: replica, at: now)
        }
        replicate(id, index, of: nil, at: now)
        masters[id].failover?.advance(to: .waitPromotion(replica), at: now)
        emit(.failover(.waitingForPromotion, label(id, replica: replica)))
    }

    /// Gives up when the time is over, or when the chosen one is gone and another one can be promoted.
    private mutating func abortIfOverdue(
        _ id: Master.ID, _ failover: Failover, to replica: ReplicaID, at now: Instant
    ) {
        if now - failover.stageSince > masters[id].failoverTimeout {
            return abortFailover(id, .promotionTimedOut, label(id))
        }
        guard let index = masters[id].replicaIndex(replica), masters[id].replicas[index].presence.isSdown
        else { return }
        let trustsFirstAnswer = failover.trustsFirstAnswer(isMasterDown: masters[id].presence.isSdown)
        let others = replicaCandidates(id, trustsFirstAnswer: trustsFirstAnswer, at: now)
        guard ReplicaSelection.best(of: others) != nil else { return }
        abortFailover(id, .promotionTimedOut, label(id))
        retryFruitlessAttempt(id, at: now)
    }

    /// The chosen replica refused the bare order as well, as one does that is loading: another one has its turn soon,
    /// or the same one a while later.
    mutating func promotionRefused(_ id: Master.ID, _ replica: ReplicaID, at now: Instant) {
        guard masters[id].failover?.stage == .waitPromotion(replica), let index = masters[id].replicaIndex(replica)
        else { return }
        masters[id].replicas[index].refusedPromotionAt = now
        let candidates = replicaCandidates(id, trustsFirstAnswer: true, at: now)
        let hasOther = ReplicaSelection.best(of: candidates).map { !candidates[$0].hasRefused } ?? false
        abortFailover(id, .promotionTimedOut, label(id))
        if hasOther { return retryFruitlessAttempt(id, at: now) }
        masters[id].retryAt = now + ReplicaSelection.refusalLasts
    }

    /// The chosen replica says that it is a master now.
    mutating func promotionSucceeded(_ id: Master.ID, _ failover: Failover, _ replica: ReplicaID, at now: Instant) {
        masters[id].configEpoch = failover.epoch
        masters[id].failover?.advance(to: .reconfReplicas(replica), at: now)
        let generation = persist()
        masters[id].configGeneration = generation
        masters[id].failover?.promotionGeneration = generation
        touch(.master(id), at: now)
    }

    /// How long a promotion is kept from everybody while it is not on disk; one that takes nothing is not waited for.
    private var promotionPatience: Duration { timing.pingPeriod }

    /// Tells of the promotion once it is on disk. After a restart without it, clients who had heard of it would be sent
    /// back to the old master, and another replica might be promoted.
    ///
    /// - Returns: Whether it has been told.
    mutating func tellPromotion(_ id: Master.ID, _ failover: Failover, of replica: ReplicaID, at now: Instant) -> Bool {
        if failover.isPromotionTold { return true }
        let generation = failover.promotionGeneration
        let isSettled = durability.covers(generation) || durability.hasLost(generation)
        guard isSettled || now - failover.stageSince > min(promotionPatience, masters[id].failoverTimeout) else {
            durability.hold(id, until: generation)
            return false
        }
        masters[id].failover?.isPromotionTold = true
        emit(.failover(.promoted, label(id, replica: replica)))
        if simulatedFailures.contains(.afterPromotion) {
            crash(.afterPromotion)
            return false
        }
        emit(.failover(.reconfiguringReplicas, label(id)))
        runReconfigScript(
            id, isLeader: true, from: announced(masters[id].presence.address),
            to: announced(masters[id].currentAddress), at: now)
        demoteReplacedMaster(id, at: now)
        forceHellos(id, at: now)
        return true
    }

    /// Where clients are sent: to the promoted replica once it is on disk, or has been told.
    func addressForClients(of id: Master.ID) -> NodeAddress {
        guard let failover = masters[id].failover, !failover.isPromotionTold,
            !durability.covers(failover.promotionGeneration)
        else { return masters[id].currentAddress }
        return masters[id].presence.address
    }

    /// When the current stage must be looked at again if nothing happens before.
    func failoverDeadline(_ id: Master.ID) -> Instant? {
        let master = masters[id]
        guard let failover = master.failover else { return nil }
        let justAfter = Duration.microseconds(1)
        switch failover.stage {
        case .waitStart:
            return failover.startedAt + min(timing.electionTimeout, master.failoverTimeout) + justAfter
        case .selectReplica:
            let trustsFirstAnswer = failover.trustsFirstAnswer(isMasterDown: master.presence.isSdown)
            return failover.stageSince + (trustsFirstAnswer ? timing.freshInfoWait : Failover.patienceWithNames)
        case .sendPromotion, .waitPromotion:
            return failover.stageSince + master.failoverTimeout + justAfter
        case .reconfReplicas:
            var deadline = failover.stageSince + master.failoverTimeout + justAfter
            if !failover.isPromotionTold {
                deadline = min(deadline, failover.stageSince + promotionPatience + justAfter)
            }
            if master.order != nil { deadline = min(deadline, failover.stageSince + timing.pingPeriod + justAfter) }
            for case .sent(let since) in master.replicas.map(\.reconfiguration) {
                deadline = min(deadline, since + timing.replicaReconfTimeout + justAfter)
            }
            return deadline
        }
    }
}
