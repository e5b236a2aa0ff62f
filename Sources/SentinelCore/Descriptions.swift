// SPDX-License-Identifier: Apache-2.0

// How the sentinel shows what it knows. - Source: spec/commands.md 5.1, 6.14, 7.

extension Sentinel {
    func describe(master id: Master.ID, at now: Instant) -> InstanceDescription {
        let master = masters[id]
        var flags: [InstanceDescription.Flag] = []
        if master.presence.isSdown { flags.append(.sdown) }
        if master.odownSince != nil { flags.append(.odown) }
        flags.append(.master)
        if !links[master.presence.link].isConnected { flags.append(.disconnected) }
        if let failover = master.failover {
            flags.append(.failoverInProgress)
            if failover.isForced { flags.append(.forcedFailover) }
        }
        if master.presence.hasSentScriptKill { flags.append(.scriptKillSent) }
        if master.rebootedAt != nil { flags.append(.masterReboot) }
        let details = InstanceDescription.MasterDetails(
            info: describe(master.info, at: now), configEpoch: master.configEpoch, replicas: master.replicas.count,
            otherSentinels: master.peers.count, quorum: master.quorum, failoverTimeout: master.failoverTimeout,
            parallelSyncs: master.parallelSyncs, notificationScript: master.notificationScript,
            clientReconfigScript: master.clientReconfigScript)
        return describe(
            master.presence, name: master.name.text, runID: master.info.runID ?? "", flags: flags,
            stage: master.failover?.stage, odownFor: master.odownSince.map { now - $0 }, downAfter: master.downAfter,
            details: .master(details), at: now)
    }

    func describeReplicas(of id: Master.ID, at now: Instant) -> [InstanceDescription] {
        let master = masters[id]
        return master.replicas.filter(\.isAnnounced).map { replica in
            var flags: [InstanceDescription.Flag] = replica.presence.isSdown ? [.sdown, .replica] : [.replica]
            if !links[replica.presence.link].isConnected { flags.append(.disconnected) }
            if master.failover?.chosen == replica.id { flags.append(.promoted) }
            switch replica.reconfiguration {
            case .none: break
            case .sent, .overdue: flags.append(.reconfSent)
            case .inProgress: flags.append(.reconfInProgress)
            case .done: flags.append(.reconfDone)
            }
            if replica.presence.hasSentScriptKill { flags.append(.scriptKillSent) }
            let details = InstanceDescription.ReplicaDetails(
                info: describe(replica.info, at: now), masterLinkDownFor: replica.masterLinkDownFor,
                isMasterLinkUp: replica.isMasterLinkUp, masterHost: replica.masterHost, masterPort: replica.masterPort,
                priority: replica.priority, offset: replica.offset, isAnnounced: replica.isAnnounced)
            return describe(
                replica.presence, name: replica.name, runID: replica.info.runID ?? "", flags: flags,
                downAfter: master.downAfter, details: .replica(details), at: now)
        }
    }

    func describePeers(of id: Master.ID, at now: Instant) -> [InstanceDescription] {
        masters[id].peers.map { peer in
            var flags: [InstanceDescription.Flag] = peer.presence.isSdown ? [.sdown, .sentinel] : [.sentinel]
            if !links[peer.presence.link].isConnected { flags.append(.disconnected) }
            if peer.reportsMasterDown { flags.append(.masterDown) }
            let details = InstanceDescription.PeerDetails(helloHeardAgo: now - peer.helloHeardAt, vote: peer.vote)
            return describe(
                peer.presence, name: peer.runID.text, runID: peer.runID.text, flags: flags,
                downAfter: masters[id].downAfter, details: .peer(details), at: now)
        }
    }

    private func describe(_ info: NodeInfo, at now: Instant) -> InstanceDescription.Info {
        InstanceDescription.Info(
            age: info.receivedAt.map { now - $0 }, role: info.role, roleReportedFor: now - info.roleReportedAt)
    }

    private func describe(
        _ presence: Presence, name: String, runID: String, flags: [InstanceDescription.Flag],
        stage: FailoverStage? = nil, odownFor: Duration? = nil, downAfter: Duration,
        details: InstanceDescription.Details, at now: Instant
    ) -> InstanceDescription {
        let link = links[presence.link]
        return InstanceDescription(
            name: name, address: announced(presence.address), runID: runID, flags: flags,
            pendingRequests: link.pending, linkUsers: link.users.count, failoverStage: stage,
            pingUnansweredFor: link.pingUnansweredSince.map { now - $0 } ?? .zero,
            availableAgo: now - link.availableAt, answeredAgo: now - link.answeredAt,
            sdownFor: presence.sdownSince.map { now - $0 }, odownFor: odownFor, downAfter: downAfter, details: details)
    }

    func summary(at now: Instant) -> Response.Summary {
        Response.Summary(
            masters: masterOrder.map { id in
                let master = masters[id]
                return Response.Summary.Master(
                    name: master.name, isSdown: master.presence.isSdown, isOdown: master.odownSince != nil,
                    address: announced(master.presence.address), replicas: master.replicas.count,
                    sentinels: master.voters)
            },
            tiltFor: tilt.since.map { now - $0 }, runningScripts: scripts.running, queuedScripts: scripts.jobs.count,
            simulatedFailures: simulatedFailures, counters: counters,
            isPersistenceFailing: durability.isFailing)
    }

    func pendingScripts(at now: Instant) -> [Response.PendingScript] {
        scripts.jobs.map { job in
            Response.PendingScript(
                path: job.path, call: job.call,
                state: job.startedAt.map { .running(processID: job.processID, for: now - $0) }
                    ?? .scheduled(in: max(.zero, job.dueAt - now)),
                starts: job.starts)
        }
    }

    func infoCache(_ names: [MasterName], at now: Instant) -> [Response.CachedInfo] {
        var seen: Set<MasterName> = []
        return names.compactMap { name in
            guard seen.insert(name).inserted, let id = masterByName[name] else { return nil }
            let infos = [masters[id].info] + masters[id].replicas.map(\.info)
            return Response.CachedInfo(
                name: name,
                entries: infos.map { info in
                    Response.CachedInfo.Entry(
                        age: info.receivedAt.map { now - $0 } ?? .zero, text: info.text.isEmpty ? nil : info.text)
                })
        }
    }

    /// All that must survive a restart, as of now.
    ///
    /// Once a replica is promoted it stands as the master and the old master as its replica, so that a restart in the
    /// middle goes on from there. - Source: spec/config-and-process.md 5.2.
    package var remembered: Settings {
        var settings = Settings.init()
        settings.myID = myID
        settings.currentEpoch = currentEpoch
        settings.announceHost = announceHost
        settings.announcePort = announcePort
        settings.resolvesHostnames = resolvesHostnames
        settings.announcesHostnames = settingsAnnounceHostnames
        settings.separatesSubscriptions = separatesSubscriptions
        settings.sentinelUser = sentinelUser
        settings.sentinelPassword = sentinelPassword
        settings.deniesScriptReconfiguration = deniesScriptReconfiguration
        settings.masters = masterOrder.map { remembered(of: masters[$0]) }
        return settings
    }

    private func remembered(of master: Master) -> MasterSettings {
        let current = master.current
        var settings = MasterSettings(name: master.name, address: remembered(current), quorum: master.quorum)
        settings.downAfter = master.downAfter
        settings.failoverTimeout = master.failoverTimeout
        settings.parallelSyncs = master.parallelSyncs
        settings.notificationScript = master.notificationScript
        settings.clientReconfigScript = master.clientReconfigScript
        settings.authUser = master.authUser
        settings.authPassword = master.authPassword
        settings.masterRebootDownAfter = master.masterRebootDownAfter
        settings.configEpoch = master.configEpoch
        settings.leaderEpoch = master.leaderEpoch
        settings.renamedCommands = master.renamedCommands
        // The promoted one may be there twice, under its name and by its number: the old master takes one's place.
        var hasOld = false
        let isPromoted = master.promoted != nil
        for replica in confirmedReplicas(of: master) {
            let isCurrent = isPromoted && replica.presence.address.isSameNode(as: current.address)
            guard !isCurrent || !hasOld else { continue }
            hasOld = hasOld || isCurrent
            settings.knownReplicas.append(remembered(isCurrent ? master.presence : replica.presence))
        }
        settings.knownSentinels = master.peers.map {
            KnownSentinel(address: remembered($0.presence), runID: $0.runID)
        }
        return settings
    }

    /// Without those that were heard of where the master's name has led so far: with the name a wrong answer ends, and
    /// what it brought would stay.
    private func confirmedReplicas(of master: Master) -> [Replica] {
        let lead = links[master.presence.link].lead
        return resolvesHostnames ? master.replicas.filter { !lead.isUnconfirmed($0.id) } : master.replicas
    }

    /// An address as it goes into the file. Where numbers do, a name stays one until what it stands for is proven: with
    /// the number alone nobody could find out at the next start that the answer was wrong.
    private func remembered(_ presence: Presence) -> Endpoint {
        // The next start would refuse a name then.
        guard resolvesHostnames else { return presence.address.announced(asHostname: false) }
        let isNameKept = !links[presence.link].lead.isToldProven && presence.address.isName
        return presence.address.announced(asHostname: settingsAnnounceHostnames || isNameKept)
    }
}
