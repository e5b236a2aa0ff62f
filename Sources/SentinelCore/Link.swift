// SPDX-License-Identifier: Apache-2.0

/// Names one attempt to connect; never used twice, so what arrives late for an older one finds nothing.
package struct ConnectionID: Hashable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

/// What a connection to an instance is for.
package enum Channel: Hashable, Sendable {
    /// Requests and their replies; with a data node that speaks RESP3 the subscription to hellos as well.
    case command
    /// The subscription to hellos of data nodes that need a connection for it.
    case hello
}

/// One connection of a link, from the moment it was asked for.
struct Connection: Sendable {
    let id: ConnectionID
    /// The numeric address it goes to.
    let host: String
    let startedAt: Instant
    /// Since when it stands, or `nil` while it is being made.
    var establishedAt: Instant?
}

/// The way to one process: its connections and what its answers to PING say about it.
///
/// A data node has a link of its own. The entries that one peer has under several masters share a link, so that it is
/// pinged once.
/// - Source: spec/monitoring.md 3.
package struct Link: Sendable {
    typealias ID = Slab<Link>.ID

    /// Whose link it is.
    enum Target: Sendable, Equatable {
        case dataNode(Slab<Master>.ID)
        case peer(RunID)
    }

    let target: Target
    var address: NodeAddress
    /// The groups that use it; one for a data node.
    var users: [Slab<Master>.ID]
    /// The shortest down-after of its users.
    var downAfter: Duration

    var command: Connection?
    var hello: Connection?
    /// Made to see whether somebody is where the link's name has come to lead while it works elsewhere.
    var probe: Connection?
    var commandAttemptedAt: Instant?
    var helloAttemptedAt: Instant?
    /// When it was last made again at once after it broke.
    var commandRetriedAt: Instant?
    var helloRetriedAt: Instant?
    /// Our end of the command connection: what a hello calls us when nothing is configured.
    var localHost: String?
    /// How hellos come in.
    var subscription: Subscription
    /// Whether HELLO was sent on the command connection and is not answered.
    var awaitsProtocol = false
    /// Whether the last hello that the server says to have published did not come back on the shared connection.
    var hasUnheardHello = false
    /// Connections in a row that ended when HELLO was to be answered.
    var unansweredProtocols = 0
    /// Until when HELLO is not sent.
    var avoidsRESP3Until: Instant?
    /// The last message of any kind where hellos come in.
    var heardOnHelloAt: Instant?

    /// What was asked on this link, in order, whose answers are owed.
    var asked = Questions()
    /// Requests on the command connection that wait for a reply.
    var pending = 0
    /// The oldest PING without an acceptable answer, or `nil`.
    var pingUnansweredSince: Instant?
    var pingSentAt: Instant?
    /// The last answer that shows the process to be available.
    var availableAt: Instant
    /// The last answer to PING of any kind.
    var answeredAt: Instant
    /// Whether one of its users has come to hold it down since the last good news, which must reach them all.
    var isHeldDown = false
    /// Attempts to connect in a row that came to nothing.
    var failures = 0
    /// How far what its name was said to stand for can be relied on.
    var lead: Lead

    /// Whether AUTH met an error on the command connection that stands.
    var isAuthenticationRefused = false
    /// When AUTH was last sent again there, and how long it takes until it is once more.
    var authenticatedAgainAt: Instant?
    var authenticationPause = Duration.zero
    /// What was last told of it.
    var accessProblem: AccessProblem?

    var wakeAt: Instant?

    init(target: Target, address: NodeAddress, user: Slab<Master>.ID, downAfter: Duration, at now: Instant) {
        self.target = target
        self.address = address
        self.users = [user]
        self.downAfter = downAfter
        lead = Lead(since: now)
        subscription = if case .dataNode = target { .undecided } else { .none }
        pingUnansweredSince = now
        availableAt = now
        answeredAt = now
    }

    var isDataNode: Bool { if case .dataNode = target { true } else { false } }

    /// Whether requests can be sent: the command connection stands.
    var canSend: Bool { command?.establishedAt != nil }

    /// Whether everything the link needs stands.
    var isConnected: Bool { canSend && (!subscription.needsConnection || hello?.establishedAt != nil) }

    /// When the first of the connections that are being made was begun, or `nil`.
    var earliestAttempt: Instant? {
        var earliest: Instant?
        if let command, command.establishedAt == nil { earliest = command.startedAt }
        if let hello, hello.establishedAt == nil { earliest = .earlier(earliest, hello.startedAt) }
        if let probe, probe.establishedAt == nil { earliest = .earlier(earliest, probe.startedAt) }
        return earliest
    }

    /// Whether another periodic request may join those under way.
    var hasRoom: Bool { canSend && pending < Timing.pendingLimit * users.count }

    /// How long it has been silent in the sense of sdown; zero while nothing is owed.
    ///
    /// - Source: spec/monitoring.md 4.
    func silence(at now: Instant) -> Duration {
        if let pingUnansweredSince { return now - pingUnansweredSince }
        return canSend ? .zero : now - availableAt
    }

    /// When the silence will have lasted longer than `limit`, or `nil` while nothing is owed.
    func silenceExceeds(_ limit: Duration) -> Instant? {
        if let pingUnansweredSince { return pingUnansweredSince + limit + .microseconds(1) }
        return canSend ? nil : availableAt + limit + .microseconds(1)
    }
}
