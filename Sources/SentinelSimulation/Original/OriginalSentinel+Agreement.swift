// SPDX-License-Identifier: Apache-2.0

// Who is down, who votes for whom, and what hellos and INFO say. - Source: spec/monitoring.md 4 to 7.

import SentinelCore

extension OriginalSentinel {
    // MARK: Down

    func noteSdown(_ index: Int, at now: Instant) {
        let downAfter = groups[index].downAfter
        let (name, address) = (groups[index].name, groups[index].master.endpoint)
        groups[index].forEachInstance { instance, kind in
            let isWrongRole =
                kind == .master && instance.role == .replica && now - instance.roleAt > downAfter + .seconds(20)
            let isDown = instance.silence(at: now) > downAfter || isWrongRole
            guard isDown != instance.isDown else { return }
            instance.isDown = isDown
            if isDown { instance.downSince = now }
            guard kind == .master else { return }
            let label = InstanceLabel(
                kind: .master, name: name.text, address: address, masterName: name, masterAddress: address)
            effects.append(.emit(isDown ? .sdown(label) : .sdownCleared(label)))
        }
    }

    func noteOdown(_ index: Int) {
        let reports = groups[index].master.isDown ? 1 + groups[index].peers.count(where: \.saysDown) : 0
        let isOdown = reports > 0 && reports >= groups[index].quorum
        guard isOdown != groups[index].isOdown else { return }
        groups[index].isOdown = isOdown
        effects.append(
            .emit(
                isOdown
                    ? .odown(label(index), reports: reports, quorum: groups[index].quorum) : .odownCleared(label(index))
            ))
    }

    func askPeers(_ index: Int, isForced: Bool, at now: Instant) {
        guard groups[index].master.isDown else { return }
        let request = Request.isMasterDown(
            groups[index].master.endpoint, epoch: currentEpoch,
            candidate: groups[index].stage == .none ? nil : myID)
        for peer in groups[index].peers.indices {
            if now - groups[index].peers[peer].repliedAt > .seconds(5) {
                groups[index].peers[peer].saysDown = false
                groups[index].peers[peer].vote = nil
            }
            guard let link = groups[index].peers[peer].instance.command,
                isForced || now - groups[index].peers[peer].repliedAt > .seconds(1)
            else { continue }
            // The original asks again at each tick; that says nothing new.
            guard isForced || now - groups[index].peers[peer].askedAt > .milliseconds(500) else { continue }
            groups[index].peers[peer].askedAt = now
            groups[index].peers[peer].instance.pending += 1
            effects.append(.send(link, request, renamed: []))
        }
    }

    // MARK: Votes

    func vote(for candidate: RunID, in epoch: Epoch, _ index: Int, at now: Instant) {
        raise(to: epoch, index)
        guard groups[index].leaderEpoch < epoch, currentEpoch <= epoch else { return }
        groups[index].leader = candidate
        groups[index].leaderEpoch = currentEpoch
        save()
        effects.append(.emit(.voted(Vote(candidate: candidate, epoch: currentEpoch), groups[index].name)))
        if candidate != myID { groups[index].attemptedAt = now + .milliseconds(dice.number(0...999)) }
    }

    /// Who leads in the current epoch, after this sentinel's own vote.
    func winner(_ index: Int, at now: Instant) -> RunID? {
        var votes: [RunID: Int] = [:]
        for peer in groups[index].peers {
            if let vote = peer.vote, vote.epoch == currentEpoch { votes[vote.candidate, default: 0] += 1 }
        }
        func best() -> RunID? { votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }
        vote(for: best() ?? myID, in: groups[index].failoverEpoch, index, at: now)
        if let leader = groups[index].leader, groups[index].leaderEpoch == groups[index].failoverEpoch {
            votes[leader, default: 0] += 1
        }
        guard let leader = best(), let count = votes[leader] else { return nil }
        let voters = groups[index].peers.count + 1
        return count >= voters / 2 + 1 && count >= groups[index].quorum ? leader : nil
    }

    // MARK: Hellos

    func heard(_ hello: Hello, at now: Instant) {
        guard let index = groups.firstIndex(where: { $0.name == hello.masterName }) else { return }
        if !groups[index].peers.contains(where: { $0.runID == hello.runID && $0.instance.endpoint == hello.sender }) {
            drop(index) { $0.runID == hello.runID }
            for other in groups.indices {
                drop(other) { $0.instance.endpoint == hello.sender && $0.runID != hello.runID }
            }
            groups[index].peers.append(OriginalPeer(hello.runID, hello.sender, at: now))
            save()
        }
        raise(to: hello.currentEpoch, index)
        guard hello.configEpoch > groups[index].configEpoch else { return }
        groups[index].configEpoch = hello.configEpoch
        guard hello.master != groups[index].master.endpoint else { return }
        let from = groups[index].master.endpoint
        effects.append(.emit(.masterSwitched(groups[index].name, from: from, to: hello.master)))
        move(index, to: hello.master, replicas: newReplicas(index, without: hello.master), at: now)
        save()
    }

    private func drop(_ index: Int, where isGone: (OriginalPeer) -> Bool) {
        for peer in groups[index].peers where isGone(peer) {
            if let link = peer.instance.command { effects.append(.disconnect(link)) }
        }
        groups[index].peers.removeAll(where: isGone)
    }

    // MARK: INFO

    func infoReceived(_ report: InfoReport, on link: ConnectionID, at now: Instant) {
        for index in groups.indices {
            if groups[index].master.command == link {
                groups[index].master.take(report, at: now)
                let new = report.replicas.filter { endpoint in
                    !groups[index].replicas.contains { $0.endpoint == endpoint }
                }
                groups[index].replicas += new.map { OriginalInstance($0, role: .replica, at: now) }
                if !new.isEmpty { save() }
            } else if let replica = groups[index].replicas.firstIndex(where: { $0.command == link }) {
                groups[index].replicas[replica].take(report, at: now)
                if !isTilted { react(to: replica, of: index, at: now) }
            }
        }
    }

    private func react(to replica: Int, of index: Int, at now: Instant) {
        let group = groups[index]
        let instance = group.replicas[replica]
        let master = group.master
        let isSane =
            master.role == .master && !master.isDown && !group.isOdown
            && (master.infoAt.map { now - $0 < .seconds(20) } ?? false)
        func wasDown(within time: Duration) -> Bool { instance.downSince.map { now - $0 < time } ?? false }
        switch instance.role {
        case .master where group.promoted == instance.endpoint && group.stage == .waitPromotion:
            groups[index].configEpoch = group.failoverEpoch
            enter(.moveReplicas, index, at: now)
            save()
            effects.append(.emit(.failover(.promoted, label(index))))
            groups[index].forEachInstance { instance, _ in instance.publishedAt = now - .seconds(3) }
        case .master:
            guard group.promoted != instance.endpoint, isSane, !wasDown(within: .seconds(8)),
                now - instance.roleAt > .seconds(8)
            else { return }
            order(instance.endpoint, of: index, toFollow: master.endpoint)
        case .replica where group.stage == .moveReplicas:
            if case .sent = instance.move, instance.follows == group.promoted {
                groups[index].replicas[replica].move = .inProgress
            }
            if case .inProgress = groups[index].replicas[replica].move, instance.isMasterLinkUp {
                groups[index].replicas[replica].move = .done
            }
        case .replica:
            guard group.stage == .none, let follows = instance.follows, follows != master.endpoint, isSane,
                !wasDown(within: group.failoverTimeout), now - instance.followsSince > group.failoverTimeout
            else { return }
            order(instance.endpoint, of: index, toFollow: master.endpoint)
        }
    }
}

extension OriginalInstance {
    mutating func take(_ report: InfoReport, at now: Instant) {
        infoAt = now
        runID = report.runID ?? runID
        masterLinkDownFor = report.masterLinkDownFor
        if report.role != role {
            role = report.role
            roleAt = now
        }
        guard report.role == .replica else { return }
        if let host = report.masterHost, let port = report.masterPort {
            let endpoint = Endpoint(host: host, port: port)
            if endpoint != follows { followsSince = now }
            follows = endpoint
        }
        isMasterLinkUp = report.isMasterLinkUp ?? isMasterLinkUp
        priority = report.priority ?? priority
        offset = report.offset ?? offset
    }
}
