// SPDX-License-Identifier: Apache-2.0

// PING and what its answers say. - Source: spec/monitoring.md 3.1, 3.2.

extension Sentinel {
    /// Pings if it is time, and says when it will be.
    mutating func pingIfDue(_ id: Link.ID, at now: Instant) -> Instant? {
        guard links[id].canSend else { return nil }
        let spacing = min(links[id].downAfter, timing.pingPeriod)
        let due = pingDueAt(id, spacing)
        // One that nothing is owed for without is sent however much is under way, or silence would never show.
        let isFirst = links[id].pingUnansweredSince == nil
        guard due <= now, isFirst || links[id].hasRoom else { return due <= now ? now + spacing / 2 : due }
        sendPing(id, at: now)
        // Usually the answer comes and the next is due a period later; only the silent are asked twice as often.
        return now + (isFirst ? spacing : spacing / 2)
    }

    private func pingDueAt(_ id: Link.ID, _ spacing: Duration) -> Instant {
        max(links[id].answeredAt + spacing, (links[id].pingSentAt ?? .start) + spacing / 2).onGrid(of: spacing)
    }

    /// Sends a PING that would soon be due along with a hello: from then on both have one message and one reply.
    mutating func pingBesideHello(_ id: Link.ID, at now: Instant) {
        let spacing = min(links[id].downAfter, timing.pingPeriod)
        guard links[id].isDataNode, links[id].pingUnansweredSince == nil,
            pingDueAt(id, spacing) - now <= spacing / 2
        else { return }
        sendPing(id, at: now)
    }

    /// What the next hello is reckoned from: the PING of a moment ago rather than now, or the two would follow each
    /// other at that distance for ever.
    func beatOfPings(_ id: Link.ID, at now: Instant) -> Instant {
        guard links[id].isDataNode, let sent = links[id].pingSentAt,
            now - sent <= min(links[id].downAfter, timing.pingPeriod, timing.publishPeriod / 2) / 2
        else { return now }
        return sent
    }

    mutating func sendPing(_ id: Link.ID, at now: Instant) {
        guard let connection = links[id].command else { return }
        perform(.send(connection.id, .ping, renamed: renames(of: id)))
        links[id].pending += 1
        links[id].pingSentAt = now
        guard links[id].pingUnansweredSince == nil else { return }
        links[id].pingUnansweredSince = now
        for user in links[id].users { wake(.master(user), at: now + masters[user].downAfter + .microseconds(1)) }
    }

    mutating func replied(_ connection: ConnectionID, _ reply: Reply, at now: Instant) {
        guard let id = linkOfConnection[connection], links[id].command?.id == connection else {
            counters.staleInputs += 1
            return
        }
        links[id].pending = max(0, links[id].pending - 1)
        switch reply {
        case .ping(let answer): pingAnswered(id, answer, at: now)
        case .info(let report): infoReceived(report, on: id, at: now)
        case .opinion(let opinion): opinionReceived(opinion, on: id, at: now)
        case .published(let isTaken): helloPublished(isTaken, on: id, at: now)
        case .replicated(let isTaken): replicationOrdered(isTaken: isTaken, on: id, at: now)
        case .protocolAgreed(let isRESP3): protocolAgreed(isRESP3: isRESP3, on: id, at: now)
        case .subscribed(let isTaken): subscribed(isTaken, on: id, at: now)
        case .authenticated(let isTaken): links[id].isAuthenticationRefused = !isTaken
        case .other: break
        case .malformed(let kind):
            counters.malformedReplies += 1
            switch kind {
            case .ping: pingAnswered(id, .refused, at: now)
            case .subscribe: subscriptionConfused(id, at: now)
            case .isMasterDown: opinionRefused(on: id, at: now)
            case .info, .hello, .replicate, .speakRESP3, .authenticate, .other: break
            }
        }
    }

    private mutating func pingAnswered(_ id: Link.ID, _ answer: PingReply, at now: Instant) {
        links[id].answeredAt = now
        noteStandstill(id, at: now)
        if answer.isAcceptable {
            links[id].availableAt = now
            links[id].pingUnansweredSince = nil
            links[id].authenticationPause = .zero
        }
        noteAccess(id, answer)
        authenticateAgain(id, after: answer, at: now)
        let matters = links[id].isHeldDown || !answer.isAcceptable
        if answer.isAcceptable { links[id].isHeldDown = false }
        for user in links[id].users where matters || masters[user].rebootedAt != nil {
            if answer == .pong, masters[user].presence.link == id { masters[user].rebootedAt = nil }
            if answer == .busy { killScript(on: id, of: user) }
            touch(.master(user), at: now)
        }
    }

    /// Says once why an instance does not let us in: from its state alone it could as well be dead.
    private mutating func noteAccess(_ id: Link.ID, _ answer: PingReply) {
        let problem: AccessProblem? =
            switch answer {
            case .unauthenticated: links[id].isAuthenticationRefused ? .passwordWrong : .passwordMissing
            case .forbidden: .permissionMissing
            case .pong, .notReady, .busy, .refused: nil
            }
        guard problem != links[id].accessProblem else { return }
        links[id].accessProblem = problem
        guard let problem, let user = links[id].users.first, let subject = label(ofLink: id, in: user) else { return }
        emitLog(.accessRefused(subject, problem))
    }

    /// One that does not let us in may do so by now: its users were changed a moment after ours, or it could not ask
    /// whoever knows them. It is asked to ever more rarely.
    ///
    /// The original authenticates on the next connection, which does not come while this one is answered.
    private mutating func authenticateAgain(_ id: Link.ID, after answer: PingReply, at now: Instant) {
        guard answer == .unauthenticated || answer == .forbidden && links[id].isAuthenticationRefused,
            links[id].hasRoom, let connection = links[id].command
        else { return }
        let pause = links[id].authenticationPause
        guard links[id].authenticatedAgainAt.map({ now - $0 >= pause }) ?? true else { return }
        links[id].authenticatedAgainAt = now
        links[id].authenticationPause = min(max(pause * 2, timing.pingPeriod), Self.longestAuthenticationPause)
        authenticate(id, connection.id, .command)
    }

    private static let longestAuthenticationPause = Duration.seconds(30)

    /// A node that is down because a script keeps it busy gets one SCRIPT KILL.
    private mutating func killScript(on link: Link.ID, of id: Master.ID) {
        guard links[link].isDataNode, let connection = links[link].command else { return }
        var isSent = false
        func kill(_ presence: inout Presence) {
            guard presence.link == link, presence.isSdown, !presence.hasSentScriptKill else { return }
            presence.hasSentScriptKill = true
            isSent = true
        }
        kill(&masters[id].presence)
        for index in masters[id].replicas.indices { kill(&masters[id].replicas[index].presence) }
        guard isSent else { return }
        perform(.send(connection.id, .scriptKill, renamed: renames(of: link)))
        links[link].pending += 1
    }
}
