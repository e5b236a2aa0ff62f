// SPDX-License-Identifier: Apache-2.0

// Links are made, watched and made again. A connection that broke is made again at once, if that was not done just now;
// otherwise attempts keep a ping period's distance. One that does not get established in time is given up; one that
// stands but is silent is recycled.
// - Source: spec/monitoring.md 3, 3.3; the connect timeout is ours (spec/defects.md 35).

extension Sentinel {
    /// Does what the link needs now, and says when it is to be looked at again.
    mutating func advance(link id: Link.ID, at now: Instant) -> Instant? {
        guard links[id].address.port != 0 else { return nil }
        guard let host = nextHost(id) else {
            ask(about: links[id].address.host, at: now)
            return resolvesHostnames ? now + timing.pingPeriod : nil
        }
        let endpoint = Endpoint(host: host, port: links[id].address.port)
        var deadline: Instant?
        giveUpSlowConnections(id, at: now)
        if !tilt.isOn { recycleSilentConnections(id, at: now) }
        if links[id].command == nil {
            let due = links[id].commandAttemptedAt.map { $0 + timing.pingPeriod } ?? now
            if due <= now { connectCommand(id, to: endpoint, at: now) } else { deadline = .earlier(deadline, due) }
        }
        if links[id].subscription.needsConnection, links[id].hello == nil {
            let due = links[id].helloAttemptedAt.map { $0 + timing.pingPeriod } ?? now
            if due <= now { connectHello(id, to: endpoint, at: now) } else { deadline = .earlier(deadline, due) }
        }
        deadline = .earlier(deadline, pingIfDue(id, at: now))
        if resolvesHostnames, !NumericHost.isNumeric(links[id].address.host) {
            ask(about: links[id].address.host, at: now)
            deadline = .earlier(deadline, now + names.freshness(of: links[id].address.host))
        }
        return .earlier(deadline, connectionDeadline(id, at: now))
    }

    /// Where to connect to next: a name that stands for several addresses is tried at each in turn.
    private func nextHost(_ id: Link.ID) -> String? {
        let address = links[id].address
        guard let ip = address.ip, resolvesHostnames, links[id].failures > 0 else { return address.ip }
        let choices = names.addresses(of: address.host)
        guard let index = choices.firstIndex(of: ip) else { return ip }
        return choices[(index + links[id].failures) % choices.count]
    }

    private mutating func connectCommand(_ id: Link.ID, to endpoint: Endpoint, at now: Instant) {
        let connection = Connection(id: makeConnectionID(), host: endpoint.host, startedAt: now)
        linkOfConnection[connection.id] = id
        links[id].command = connection
        links[id].commandAttemptedAt = now
        links[id].pending = 0
        perform(.connect(connection.id, .command, to: endpoint))
        greet(id, connection.id, .command)
        sendPing(id, at: now)
        askForRESP3(id, connection.id, at: now)
        for user in links[id].users { touch(.master(user), at: now) }
    }

    private mutating func connectHello(_ id: Link.ID, to endpoint: Endpoint, at now: Instant) {
        let connection = Connection(id: makeConnectionID(), host: endpoint.host, startedAt: now)
        linkOfConnection[connection.id] = id
        links[id].hello = connection
        links[id].helloAttemptedAt = now
        links[id].heardOnHelloAt = now
        perform(.connect(connection.id, .hello, to: endpoint))
        greet(id, connection.id, .hello)
        perform(.send(connection.id, .subscribeToHellos, renamed: renames(of: id)))
    }

    private mutating func greet(_ id: Link.ID, _ connection: ConnectionID, _ channel: Channel) {
        authenticate(id, connection, channel)
        perform(.send(connection, .introduce(myID, channel), renamed: renames(of: id)))
        if channel == .command { links[id].pending += 1 }
    }

    /// Says who we are, if there is anything to say.
    mutating func authenticate(_ id: Link.ID, _ connection: ConnectionID, _ channel: Channel) {
        guard let (user, password) = credentials(of: id) else { return }
        perform(.send(connection, .authenticate(user: user, password: password), renamed: renames(of: id)))
        if channel == .command { links[id].pending += 1 }
    }

    /// What to authenticate with, or `nil`.
    ///
    /// - Source: spec/monitoring.md 3, AUTH form.
    private func credentials(of id: Link.ID) -> (user: String?, password: Secret)? {
        switch links[id].target {
        case .dataNode(let master):
            masters[master].authPassword.map { (masters[master].authUser, $0) }
        case .peer:
            sentinelPassword.map { (sentinelUser, $0) } ?? fallbackPeerPassword.map { (nil, $0) }
        }
    }

    /// Renamed commands are the data nodes'; peers know the usual names. - Source: spec/defects.md 33.
    func renames(of id: Link.ID) -> [RenamedCommand] {
        if case .dataNode(let master) = links[id].target { masters[master].renamedCommands } else { [] }
    }

    mutating func connected(_ connection: ConnectionID, localHost: String, at now: Instant) {
        guard let id = linkOfConnection[connection] else {
            counters.staleInputs += 1
            return
        }
        if let command = links[id].command, command.id == connection {
            links[id].command?.establishedAt = now
            links[id].failures = 0
            links[id].localHost = localHost
            adopt(ip: command.host, for: id, isReached: true, at: now)
            // Gone by now, if that made two entries one.
            guard links.contains(id) else { return }
            for user in links[id].users { touch(.master(user), at: now) }
        } else if links[id].hello?.id == connection {
            links[id].hello?.establishedAt = now
        } else {
            return moveToProbed(id, at: now)
        }
        touch(.link(id), at: now)
    }

    mutating func disconnected(_ connection: ConnectionID, _ reason: String, at now: Instant) {
        guard let id = linkOfConnection.removeValue(forKey: connection) else {
            counters.staleInputs += 1
            return
        }
        guard links[id].probe?.id != connection else { return loseProbe(of: id) }
        let channel: Channel = links[id].command?.id == connection ? .command : .hello
        if let user = links[id].users.first, let subject = label(ofLink: id, in: user) {
            emit(.linkLost(subject, channel, reason: reason))
        }
        if let command = links[id].command, command.id == connection {
            noteUnansweredProtocol(id, at: now)
            links[id].loseCommand()
            if command.establishedAt == nil { links[id].failures += 1 }
            if mayRetryAtOnce(command, last: links[id].commandRetriedAt, at: now) {
                links[id].commandRetriedAt = now
                links[id].commandAttemptedAt = nil
            }
            forgetRequests(id, at: now)
        } else if let hello = links[id].hello, hello.id == connection {
            links[id].hello = nil
            if mayRetryAtOnce(hello, last: links[id].helloRetriedAt, at: now) {
                links[id].helloRetriedAt = now
                links[id].helloAttemptedAt = nil
            }
        }
        // A name may stand for another address by now.
        ask(about: links[id].address.host, isUrgent: true, at: now)
        touch(.link(id), at: now)
    }

    /// Whether a connection that broke is made again at once: once in a ping period, if it was established at all.
    ///
    /// A promotion cuts the connections of all sentinels at the moment they need them most, and a master that died is
    /// seen to be dead by the attempt. One that is closed as soon as it is made waits its ping period from the second
    /// time on. - Source: spec/defects.md 41.
    private func mayRetryAtOnce(_ connection: Connection, last: Instant?, at now: Instant) -> Bool {
        connection.establishedAt != nil && (last.map { now - $0 >= timing.pingPeriod } ?? true)
    }

    /// Closes all connections and makes them again at once: what they were made with has changed.
    mutating func reconnect(_ id: Link.ID, at now: Instant) {
        closeLink(id)
        forgetRequests(id, at: now)
        links[id].commandAttemptedAt = nil
        links[id].helloAttemptedAt = nil
        touch(.link(id), at: now)
    }

    /// Replies that were owed on a closed command connection won't come: what they were to bring is due again as soon
    /// as there is another. Whoever answers there may be another process, so its INFO is wanted too.
    mutating func forgetRequests(_ id: Link.ID, at now: Instant) {
        links[id].pending = 0
        links[id].asked = Questions()
        for user in links[id].users {
            if masters[user].presence.link == id {
                masters[user].info.forgetRequest(at: now)
                masters[user].order = nil
                masters[user].presence.helloDueAt = now
            }
            for index in masters[user].replicas.indices where masters[user].replicas[index].presence.link == id {
                masters[user].replicas[index].info.forgetRequest(at: now)
                masters[user].replicas[index].presence.helloDueAt = now
            }
            for index in masters[user].peers.indices where masters[user].peers[index].presence.link == id {
                masters[user].peers[index].askedAt = nil
                masters[user].peers[index].presence.helloDueAt = now
            }
            touch(.master(user), at: now)
        }
    }

    // MARK: Giving up

    /// How long a connection may take to be established.
    private func connectLimit(_ id: Link.ID) -> Duration {
        min(max(links[id].downAfter / 2, .milliseconds(100)), .seconds(10))
    }

    private mutating func giveUpSlowConnections(_ id: Link.ID, at now: Instant) {
        guard links[id].earliestAttempt != nil else { return }
        let limit = connectLimit(id)
        if let command = links[id].command, command.establishedAt == nil, now - command.startedAt > limit {
            close(command, of: id)
            links[id].loseCommand()
            links[id].failures += 1
            forgetRequests(id, at: now)
            ask(about: links[id].address.host, isUrgent: true, at: now)
        }
        if let hello = links[id].hello, hello.establishedAt == nil, now - hello.startedAt > limit {
            close(hello, of: id)
            links[id].hello = nil
        }
        if let probe = links[id].probe, now - probe.startedAt > limit {
            close(probe, of: id)
            loseProbe(of: id)
        }
    }

    /// Half of down-after, and never so short that a peer which answers every ping is taken for a silent one.
    private func silenceLimit(_ id: Link.ID) -> Duration { max(links[id].downAfter / 2, timing.pingPeriod * 2) }

    private mutating func recycleSilentConnections(_ id: Link.ID, at now: Instant) {
        let age = timing.minLinkReconnectPeriod
        let limit = silenceLimit(id)
        if let command = links[id].command, now - command.startedAt > age,
            let unanswered = links[id].pingUnansweredSince, now - unanswered > limit,
            now - links[id].answeredAt > limit
        {
            close(command, of: id)
            links[id].loseCommand()
            forgetRequests(id, at: now)
        }
        if let hello = links[id].hello, now - hello.startedAt > age,
            let heard = links[id].heardOnHelloAt, now - heard > timing.publishPeriod * 3
        {
            close(hello, of: id)
            links[id].hello = nil
        }
        doubtMuteSubscription(id, at: now)
    }

    /// When one of the rules above can apply next.
    private func connectionDeadline(_ id: Link.ID, at now: Instant) -> Instant? {
        let justAfter = Duration.microseconds(1)
        var deadline: Instant?
        if let startedAt = links[id].earliestAttempt { deadline = startedAt + connectLimit(id) + justAfter }
        guard !tilt.isOn else { return deadline }
        if let startedAt = links[id].command?.startedAt, let unanswered = links[id].pingUnansweredSince {
            let due = max(
                startedAt + timing.minLinkReconnectPeriod,
                max(unanswered, links[id].answeredAt) + silenceLimit(id))
            deadline = .earlier(deadline, due + justAfter)
        }
        if let startedAt = links[id].hello?.startedAt, let heard = links[id].heardOnHelloAt {
            let due = max(startedAt + timing.minLinkReconnectPeriod, heard + timing.publishPeriod * 3)
            deadline = .earlier(deadline, due + justAfter)
        }
        if let due = links[id].isMuteAfter(timing.publishPeriod * 3, minimumAge: timing.minLinkReconnectPeriod) {
            deadline = .earlier(deadline, due + justAfter)
        }
        return deadline
    }
}
