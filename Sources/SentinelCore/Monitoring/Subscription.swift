// SPDX-License-Identifier: Apache-2.0

// How the hellos of a data node come in. A server that speaks RESP3 sends them as pushes among its replies, so that one
// connection carries everything. Each command connection asks for that behind its first PING (HELLO 3) and subscribes
// when it is agreed; a server that refuses either gets a second connection for hellos, and so does one that is slow to
// say anything there while it answers. Whatever goes wrong, a link ends with the two connections that all servers take.
// - Source: spec/monitoring.md 3, 3.3; the shared connection is ours (Docs/differences.md).

/// How the hellos of a data node come in.
enum Subscription: Sendable, Equatable {
    /// Not at all: a peer tells us its own.
    case none
    /// On the command connection, if the server will have it.
    case undecided
    /// SUBSCRIBE is under way on the command connection.
    case requested
    /// On the command connection.
    case shared
    /// On the command connection too, but nothing has come in for long: there is a second one until something does.
    case mute
    /// On a connection of their own.
    case separate

    var needsConnection: Bool {
        switch self {
        case .mute, .separate: true
        case .none, .undecided, .requested, .shared: false
        }
    }

    /// Whether the server owes an answer that decides it.
    var isBeingAgreed: Bool { self == .undecided || self == .requested }

    /// What is left of it without the command connection; a second connection stays until the next one shows better.
    var withoutCommand: Subscription {
        switch self {
        case .none: .none
        case .undecided, .requested, .shared: .undecided
        case .mute, .separate: .separate
        }
    }
}

extension Link {
    /// The command connection is gone, and what was agreed on it.
    mutating func loseCommand() {
        command = nil
        isAuthenticationRefused = false
        awaitsProtocol = false
        subscription = subscription.withoutCommand
    }

    /// When the subscription on the command connection will have been silent for `limit`, requests being answered; else
    /// `nil`.
    ///
    /// A connection on which a PING waits is judged by its own rule.
    func isMuteAfter(_ limit: Duration, minimumAge: Duration) -> Instant? {
        guard subscription == .requested || subscription == .shared, pingUnansweredSince == nil,
            let command, let heardOnHelloAt
        else { return nil }
        return max(command.startedAt + minimumAge, heardOnHelloAt + limit)
    }
}

extension Link {
    enum Hearing { case expected, soundAgain, unexpected }

    /// Notes that something came in on a connection of this link.
    mutating func hear(on connection: ConnectionID, at now: Instant) -> Hearing {
        var hearing = Hearing.expected
        if command?.id == connection {
            switch subscription {
            case .requested, .shared: break
            case .mute: hearing = .soundAgain
            case .none, .undecided, .separate: return .unexpected
            }
        }
        heardOnHelloAt = now
        hasUnheardHello = false
        return hearing
    }
}

extension Sentinel {
    // MARK: Agreeing on the protocol

    /// Asks on a new command connection whether it can carry hellos as well.
    mutating func askForRESP3(_ id: Link.ID, _ connection: ConnectionID, at now: Instant) {
        guard links[id].isDataNode else { return }
        let isAvoided = links[id].avoidsRESP3Until.map { now < $0 } ?? false
        guard !separatesSubscriptions, !isAvoided else {
            links[id].subscription = .separate
            return
        }
        links[id].awaitsProtocol = true
        perform(.send(connection, .speakRESP3, renamed: renames(of: id)))
        links[id].pending += 1
    }

    mutating func protocolAgreed(isRESP3: Bool, on id: Link.ID, at now: Instant) {
        guard links[id].awaitsProtocol, let connection = links[id].command else { return }
        links[id].awaitsProtocol = false
        links[id].unansweredProtocols = 0
        guard isRESP3 else { return separateSubscription(id, at: now) }
        // A second connection, where there is one, stays until this one is known to serve.
        if links[id].subscription == .undecided { links[id].subscription = .requested }
        links[id].heardOnHelloAt = now
        perform(.send(connection.id, .subscribeToHellos, renamed: renames(of: id)))
        links[id].pending += 1
        touch(.link(id), at: now)
    }

    mutating func subscribed(_ isTaken: Bool, on id: Link.ID, at now: Instant) {
        guard isTaken else { return separateSubscription(id, at: now) }
        shareSubscription(id)
        links[id].heardOnHelloAt = now
        links[id].hasUnheardHello = false
        for user in links[id].users { touch(.master(user), at: now) }
    }

    /// Something between us and the server loses what it says unasked, so replies can't be told from one another: the
    /// connection is made again without it.
    mutating func subscriptionConfused(_ id: Link.ID, at now: Instant) {
        guard let command = links[id].command else { return }
        avoidRESP3(id, at: now)
        close(command, of: id)
        links[id].loseCommand()
        links[id].commandAttemptedAt = nil
        forgetRequests(id, at: now)
        touch(.link(id), at: now)
    }

    /// A command connection has ended: a server or a proxy that does so instead of answering HELLO is spared it.
    mutating func noteUnansweredProtocol(_ id: Link.ID, at now: Instant) {
        guard links[id].awaitsProtocol, links[id].command?.establishedAt != nil else { return }
        links[id].unansweredProtocols += 1
        if links[id].unansweredProtocols >= 2 { avoidRESP3(id, at: now) }
    }

    private mutating func avoidRESP3(_ id: Link.ID, at now: Instant) {
        links[id].avoidsRESP3Until = now + timing.protocolRetryPeriod
        links[id].unansweredProtocols = 0
    }

    // MARK: One connection or two

    private mutating func separateSubscription(_ id: Link.ID, at now: Instant) {
        links[id].subscription = .separate
        touch(.link(id), at: now)
        for user in links[id].users { touch(.master(user), at: now) }
    }

    private mutating func shareSubscription(_ id: Link.ID) {
        links[id].subscription = .shared
        guard let hello = links[id].hello else { return }
        close(hello, of: id)
        links[id].hello = nil
        links[id].helloAttemptedAt = nil
    }

    /// Makes a second connection for hellos where the first brings replies but no hello, not even our own.
    mutating func doubtMuteSubscription(_ id: Link.ID, at now: Instant) {
        let (limit, age) = (timing.publishPeriod * 3, timing.minLinkReconnectPeriod)
        guard let due = links[id].isMuteAfter(limit, minimumAge: age), due < now else { return }
        links[id].subscription = .mute
    }

    /// Makes a second connection where the server says that it published our hello, twice, and the first brought
    /// neither.
    ///
    /// A server sends what it publishes before its answer or with it, so that there is nothing to wait for.
    mutating func doubtUnheardHello(_ id: Link.ID, at now: Instant) {
        guard links[id].subscription == .shared else { return }
        guard links[id].hasUnheardHello else {
            links[id].hasUnheardHello = true
            return
        }
        links[id].subscription = .mute
        touch(.link(id), at: now)
    }

    /// A server that stood still and answers again has yet to say what it is subscribed to: its silence begins anew.
    mutating func noteStandstill(_ id: Link.ID, at now: Instant) {
        guard links[id].subscription == .requested || links[id].subscription == .shared,
            let since = links[id].pingUnansweredSince, now - since > timing.pingPeriod
        else { return }
        links[id].heardOnHelloAt = now
    }

    // MARK: Messages

    /// Notes that something came in where hellos do; tells whether that was a place where they may.
    @discardableResult
    mutating func heard(_ connection: ConnectionID, at now: Instant) -> Bool {
        guard let id = linkOfConnection[connection] else {
            counters.staleInputs += 1
            return true
        }
        switch links[id].hear(on: connection, at: now) {
        case .expected: return true
        case .soundAgain:
            shareSubscription(id)
            return true
        case .unexpected:
            counters.staleInputs += 1
            return false
        }
    }
}
