// SPDX-License-Identifier: Apache-2.0

// The failover, a step a tick. - Source: spec/monitoring.md 5.2, 8.

import SentinelCore

extension OriginalSentinel {
    func startFailoverIfNeeded(_ index: Int, at now: Instant) -> Bool {
        let group = groups[index]
        guard group.isOdown, group.stage == .none,
            group.attemptedAt.map({ now - $0 >= group.failoverTimeout * 2 }) ?? true
        else { return false }
        startFailover(index, isForced: false, at: now)
        return true
    }

    func startFailover(_ index: Int, isForced: Bool, at now: Instant) {
        raise(to: currentEpoch.next, index)
        groups[index].failoverEpoch = currentEpoch
        groups[index].isForced = isForced
        groups[index].attemptedAt = now + .milliseconds(dice.number(0...999))
        effects.append(.emit(.failover(.tried, label(index))))
        enter(.waitStart, index, at: now)
    }

    func enter(_ stage: OriginalGroup.Stage, _ index: Int, at now: Instant) {
        groups[index].stage = stage
        groups[index].stageAt = now
    }

    private func abort(_ index: Int, _ step: Event.FailoverStep, at now: Instant) {
        effects.append(.emit(.failover(step, label(index))))
        enter(.none, index, at: now)
        groups[index].promoted = nil
    }

    func takeStep(_ index: Int, at now: Instant) {
        let group = groups[index]
        let isLate = now - group.stageAt > group.failoverTimeout
        switch group.stage {
        case .none, .updateConfiguration: break
        case .waitStart:
            let leads = winner(index, at: now) == myID
            if leads || group.isForced {
                effects.append(.emit(.failover(.elected, label(index))))
                enter(.selectReplica, index, at: now)
            } else if now - (group.attemptedAt ?? now) > min(.seconds(10), group.failoverTimeout) {
                abort(index, .notElected, at: now)
            }
        case .selectReplica:
            guard let best = bestReplica(index, at: now) else { return abort(index, .noGoodReplica, at: now) }
            groups[index].promoted = best
            enter(.sendPromotion, index, at: now)
        case .sendPromotion:
            if let promoted = group.promoted, order(promoted, of: index, toFollow: nil) {
                enter(.waitPromotion, index, at: now)
            } else if isLate {
                abort(index, .promotionTimedOut, at: now)
            }
        case .waitPromotion: if isLate { abort(index, .promotionTimedOut, at: now) }
        case .moveReplicas: moveReplicas(index, isLate: isLate, at: now)
        }
    }

    func bestReplica(_ index: Int, at now: Instant) -> Endpoint? {
        let group = groups[index]
        let infoLimit: Duration = group.master.isDown ? .seconds(5) : .seconds(30)
        let alone = group.downAfter * 10 + (group.master.isDown ? now - (group.master.downSince ?? now) : .zero)
        let fit = group.replicas.filter { replica in
            !replica.isDown && replica.canSend && now - replica.availableAt <= .seconds(5) && replica.priority != 0
                && (replica.infoAt.map { now - $0 <= infoLimit } ?? false) && replica.masterLinkDownFor <= alone
        }
        return fit.min { left, right in
            if left.priority != right.priority { return left.priority < right.priority }
            if left.offset != right.offset { return left.offset > right.offset }
            return (left.runID ?? "g") < (right.runID ?? "g")
        }?.endpoint
    }

    /// Has a replica follow another node, or nobody; tells whether it could be told.
    @discardableResult
    func order(_ endpoint: Endpoint, of index: Int, toFollow master: Endpoint?) -> Bool {
        guard let replica = groups[index].replicas.firstIndex(where: { $0.endpoint == endpoint }),
            let link = groups[index].replicas[replica].command
        else { return false }
        groups[index].replicas[replica].pending += 1
        effects.append(.send(link, .replicate(master, isBare: false), renamed: []))
        return true
    }

    private func moveReplicas(_ index: Int, isLate: Bool, at now: Instant) {
        guard let promoted = groups[index].promoted else { return }
        var underWay = groups[index].replicas.count {
            switch $0.move {
            case .sent, .inProgress: true
            case .none, .done: false
            }
        }
        for replica in groups[index].replicas.indices where underWay < groups[index].parallelSyncs {
            let instance = groups[index].replicas[replica]
            guard instance.endpoint != promoted, instance.canSend else { continue }
            switch instance.move {
            case .sent(let since) where now - since > .seconds(10): break
            case .sent, .inProgress, .done: continue
            case .none: break
            }
            order(instance.endpoint, of: index, toFollow: promoted)
            groups[index].replicas[replica].move = .sent(since: now)
            underWay += 1
        }
        let isDone = groups[index].replicas.allSatisfy { replica in
            if replica.endpoint == promoted { return !replica.isDown }
            if case .done = replica.move { return true }
            return replica.isDown
        }
        guard isDone || isLate else { return }
        effects.append(.emit(.failover(.ended, label(index))))
        if isLate {
            for replica in groups[index].replicas where replica.endpoint != promoted {
                if case .none = replica.move { order(replica.endpoint, of: index, toFollow: promoted) }
            }
        }
        enter(.updateConfiguration, index, at: now)
    }

    func switchMaster(_ index: Int, at now: Instant) {
        guard let promoted = groups[index].promoted else { return enter(.none, index, at: now) }
        effects.append(
            .emit(.masterSwitched(groups[index].name, from: groups[index].master.endpoint, to: promoted)))
        move(index, to: promoted, replicas: newReplicas(index, without: promoted), at: now)
        save()
    }

    func newReplicas(_ index: Int, without master: Endpoint) -> [Endpoint] {
        groups[index].replicas.map(\.endpoint).filter { $0 != master }
            + (groups[index].master.endpoint == master ? [] : [groups[index].master.endpoint])
    }

    /// Gives the group another master; what was agreed stays.
    func move(_ index: Int, to master: Endpoint, replicas: [Endpoint], at now: Instant) {
        for link in groups[index].links { effects.append(.disconnect(link)) }
        let infoAt = groups[index].master.infoAt
        groups[index].master = OriginalInstance(master, role: .master, at: now)
        groups[index].master.infoAt = infoAt
        groups[index].replicas = replicas.map { OriginalInstance($0, role: .replica, at: now) }
        groups[index].isOdown = false
        groups[index].stage = .none
        groups[index].promoted = nil
        groups[index].attemptedAt = nil
        groups[index].leader = nil
        for peer in groups[index].peers.indices {
            groups[index].peers[peer].saysDown = false
            groups[index].peers[peer].vote = nil
        }
    }
}
