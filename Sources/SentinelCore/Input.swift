// SPDX-License-Identifier: Apache-2.0

/// Everything that can happen to a sentinel.
package enum Input: Sendable {
    /// The process is ready; once.
    case started
    /// The instant asked for by `nextDeadline` has come.
    case woken
    case connected(ConnectionID, localHost: String)
    case disconnected(ConnectionID, reason: String)
    /// The answer to the oldest request on a command connection that has none yet.
    case reply(ConnectionID, Reply)
    /// A message that is no hello arrived where hellos come in: the subscription lives.
    case heard(ConnectionID)
    /// A hello, on a hello connection or as a push on a command connection.
    case hello(Hello, on: ConnectionID)
    /// A message that is no hello, from anywhere.
    case malformedHello(on: ConnectionID?)
    case command(RequestID, Command)
    case scriptStarted(ScriptID, processID: Int32)
    case scriptEnded(ScriptID, ScriptEnd)
    case persisted(Generation)
    case persistFailed(Generation)
    /// What a name stands for now: numeric addresses in order of preference, none if it does not resolve.
    case resolved(String, [String])

    var isWakeUp: Bool { if case .woken = self { true } else { false } }
}

/// A reply, understood.
package enum Reply: Sendable, Equatable {
    case ping(PingReply)
    indirect case info(InfoReport)
    case opinion(Opinion)
    /// Whether a hello was taken.
    case published(Bool)
    /// Whether the transaction of `Request.replicate` was carried out.
    case replicated(Bool)
    /// Whether the connection speaks RESP3 from here on.
    case protocolAgreed(isRESP3: Bool)
    /// Whether hellos come in on the command connection now.
    case subscribed(Bool)
    /// Whether AUTH was accepted; an error may also mean that no password is wanted.
    case authenticated(Bool)
    /// To a request whose answer changes nothing.
    case other
    /// Not what the request can be answered with.
    case malformed(to: RequestKind)
}

/// The requests whose answers matter, by kind.
package enum RequestKind: Sendable, Hashable {
    case ping, info, hello, isMasterDown, replicate, speakRESP3, subscribe, authenticate, other
}

extension Request {
    package var kind: RequestKind {
        switch self {
        case .ping: .ping
        case .info: .info
        case .hello: .hello
        case .isMasterDown: .isMasterDown
        case .replicate: .replicate
        case .speakRESP3: .speakRESP3
        case .subscribeToHellos: .subscribe
        case .authenticate: .authenticate
        case .introduce, .scriptKill: .other
        }
    }
}

/// The answers to PING that are told apart.
///
/// - Source: spec/monitoring.md 3.2.
package enum PingReply: Sendable, Hashable {
    case pong
    /// Alive, but not serving: LOADING or MASTERDOWN.
    case notReady
    case busy
    /// NOAUTH: it wants a password that it has not got.
    case unauthenticated
    /// NOPERM: who we are there may not ping.
    case forbidden
    case refused

    var isAcceptable: Bool {
        switch self {
        case .pong, .notReady: true
        case .busy, .unauthenticated, .forbidden, .refused: false
        }
    }
}

/// A peer's answer about a master.
package struct Opinion: Sendable, Hashable {
    package let isDown: Bool
    package let vote: Vote?

    package init(isDown: Bool, vote: Vote?) {
        self.isDown = isDown
        self.vote = vote
    }
}

/// What an INFO reply says that a sentinel cares about; absent lines are `nil`.
///
/// - Source: spec/monitoring.md 7.
package struct InfoReport: Sendable, Equatable {
    package var runID: String?
    /// A reply without a role counts as a replica.
    package var role = Role.replica
    package var replicas: [Endpoint] = []
    package var masterLinkDownFor: Duration = .zero
    package var masterHost: String?
    package var masterPort: UInt16?
    package var isMasterLinkUp: Bool?
    package var priority: Int?
    package var offset: Int64?
    package var isAnnounced: Bool?
    package var text: [UInt8] = []

    package init() {}
}

/// What sentinels tell each other about themselves and a master.
///
/// - Source: spec/monitoring.md 6.
package struct Hello: Sendable, Hashable {
    package var sender: Endpoint
    package var runID: RunID
    package var currentEpoch: Epoch
    package var masterName: MasterName
    package var master: Endpoint
    package var configEpoch: Epoch

    package init(
        sender: Endpoint, runID: RunID, currentEpoch: Epoch, masterName: MasterName, master: Endpoint,
        configEpoch: Epoch
    ) {
        self.sender = sender
        self.runID = runID
        self.currentEpoch = currentEpoch
        self.masterName = masterName
        self.master = master
        self.configEpoch = configEpoch
    }
}
