// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// A sentinel under test, its world played by hand: connections are established as soon as they are asked for and
/// states are saved at once, unless a test says otherwise.
struct World {
    static let master = Endpoint(host: "10.0.0.1", port: 6379)
    static let replicas = [Endpoint(host: "10.0.0.2", port: 6379), Endpoint(host: "10.0.0.3", port: 6379)]
    static let name = MasterName("mymaster")
    static let myID = id("a")

    static func id(_ letter: Character) -> RunID { RunID(heard: String(repeating: letter, count: 40)) }
    static func host(ofPeer letter: Character) -> Endpoint {
        Endpoint(host: "10.0.1.\(letter.asciiValue ?? 0)", port: 26379)
    }

    var sentinel: Sentinel
    var now = Instant.start
    var savesStates = true
    /// Everything since the last `takeEffects`.
    private(set) var effects: [Effect] = []
    private(set) var connections: [(id: ConnectionID, channel: Channel, to: Endpoint)] = []
    private var requests: UInt64 = 0

    /// - Parameter peers: One letter each, of which the run ID is made.
    init(
        peers: String = "bc", quorum: Int = 2, downAfter: Duration = .seconds(1),
        failoverTimeout: Duration = .seconds(10),
        resolvesHostnames: Bool = false, announcesHostnames: Bool = false, separatesSubscriptions: Bool = true,
        change: (inout MasterSettings) -> Void = { _ in }
    ) {
        var settings = Settings()
        settings.resolvesHostnames = resolvesHostnames
        settings.announcesHostnames = announcesHostnames
        settings.separatesSubscriptions = separatesSubscriptions
        var master = MasterSettings(name: Self.name, address: Self.master, quorum: quorum)
        master.downAfter = downAfter
        master.failoverTimeout = failoverTimeout
        master.knownReplicas = Self.replicas
        master.knownSentinels = peers.map { KnownSentinel(address: Self.host(ofPeer: $0), runID: Self.id($0)) }
        change(&master)
        settings.masters = [master]
        sentinel = Sentinel(settings, myID: Self.myID, listeningPort: 26379, requirePassword: nil, seed: 1)
        take(.started)
    }

    /// Feeds an input, and what follows from it by itself.
    mutating func take(_ input: Input) {
        if case .disconnected(let id, _) = input { connections.removeAll { $0.id == id } }
        var inputs = [input]
        while !inputs.isEmpty {
            for effect in sentinel.handle(inputs.removeFirst(), at: now) {
                effects.append(effect)
                switch effect {
                case .connect(let id, let channel, let endpoint):
                    connections.append((id, channel, endpoint))
                    if refused.contains(endpoint) {
                        connections.removeAll { $0.id == id }
                        inputs.append(.disconnected(id, reason: "refused"))
                    } else if reachable(endpoint), !hangs.contains(endpoint) {
                        inputs.append(.connected(id, localHost: "10.0.1.97"))
                    }
                case .disconnect(let id): connections.removeAll { $0.id == id }
                case .resolve(let host): if let answer = names[host] { inputs.append(.resolved(host, answer)) }
                case .persist(let generation): if savesStates { inputs.append(.persisted(generation)) }
                default: break
                }
            }
        }
    }

    /// What names stand for; one that is missing gets no answer.
    var names: [String: [String]] = [:]
    /// Who does not answer.
    var silent: Set<Endpoint> = []
    /// Where connections are neither established nor refused.
    var hangs: Set<Endpoint> = []
    private var unreachable: Set<Endpoint> = []
    private func reachable(_ endpoint: Endpoint) -> Bool { !unreachable.contains(endpoint) }

    /// Breaks every connection to `endpoint` and lets no new one be established.
    mutating func kill(_ endpoint: Endpoint) {
        unreachable.insert(endpoint)
        for connection in connections where connection.to == endpoint {
            connections.removeAll { $0.id == connection.id }
            take(.disconnected(connection.id, reason: "closed"))
        }
    }

    /// Lets no new connection to `endpoint` be established; those that are stay.
    mutating func refuseNew(_ endpoint: Endpoint) { refused.insert(endpoint) }
    private var refused: Set<Endpoint> = []

    /// Breaks every connection to `endpoint`; new ones are established.
    mutating func cut(_ endpoint: Endpoint) {
        for connection in connections where connection.to == endpoint {
            connections.removeAll { $0.id == connection.id }
            take(.disconnected(connection.id, reason: "closed"))
        }
    }

    mutating func revive(_ endpoint: Endpoint) { unreachable.remove(endpoint) }

    func connection(to endpoint: Endpoint, _ channel: Channel = .command) -> ConnectionID? {
        connections.last { $0.to == endpoint && $0.channel == channel }?.id
    }

    /// Replies to everybody's PING and INFO as healthy instances would, and lets `duration` pass in small steps.
    mutating func run(for duration: Duration, step: Duration = .milliseconds(50), answering: Bool = true) {
        let end = now + duration
        while now < end {
            now = min(end, now + step)
            take(.woken)
            if answering { answerAll() }
        }
    }

    /// Runs in small steps until `condition` holds, for a minute at most.
    mutating func run(
        until condition: (World) -> Bool, step: Duration = .milliseconds(5), answering: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let end = now + .seconds(60)
        while !condition(self) {
            guard now < end else {
                Issue.record("what was waited for did not come within a minute", sourceLocation: sourceLocation)
                return
            }
            run(for: step, step: step, answering: answering)
        }
    }

    /// The same until a step of a failover was taken.
    mutating func run(untilStep awaited: Event.FailoverStep, sourceLocation: SourceLocation = #_sourceLocation) {
        run(until: { $0.steps.contains(awaited) }, sourceLocation: sourceLocation)
    }

    /// What instances answer PING with that do not say PONG.
    var pingReplies: [Endpoint: PingReply] = [:]

    /// What each reachable instance owes is answered; nodes say what `infos` has for them.
    mutating func answerAll() {
        let owed = takeUnanswered()
        for (id, request) in owed {
            guard let endpoint = connections.first(where: { $0.id == id })?.to, reachable(endpoint),
                !silent.contains(endpoint)
            else { continue }
            switch request {
            case .ping: take(.reply(id, .ping(pingReplies[endpoint] ?? .pong)))
            case .info: take(.reply(id, .info(info(of: endpoint))))
            case .hello(let hello):
                let isShared = subscribed.contains(id)
                if publishing == .echoed, isShared { take(.hello(hello, on: id)) }
                take(.reply(id, .published(publishing != .refused)))
            case .replicate where refusing.contains(endpoint): take(.reply(id, .replicated(false)))
            case .replicate(_, isBare: false) where refusesTransactions: take(.reply(id, .replicated(false)))
            case .replicate(let master, _):
                if !unmoved.contains(endpoint) { following[endpoint] = master }
                take(.reply(id, .replicated(true)))
            case .isMasterDown(_, _, let candidate):
                guard let answer = opinions[endpoint] else { continue }
                take(.reply(id, .opinion(answer(candidate))))
            case .authenticate: take(.reply(id, .authenticated(pingReplies[endpoint] != .unauthenticated)))
            case .introduce, .scriptKill: take(.reply(id, .other))
            case .speakRESP3: take(.reply(id, .protocolAgreed(isRESP3: speaksRESP3)))
            case .subscribeToHellos:
                let isShared = connections.contains { $0.id == id && $0.channel == .command }
                if isShared, allowsSubscribing { subscribed.insert(id) }
                take(isShared ? .reply(id, .subscribed(allowsSubscribing)) : .heard(id))
            }
        }
    }

    /// What data nodes say to HELLO 3, and to SUBSCRIBE behind it.
    var speaksRESP3 = true
    var allowsSubscribing = true
    /// What becomes of a hello that is published on a connection that has subscribed.
    enum Publishing { case echoed, lost, refused }
    var publishing = Publishing.echoed
    private var subscribed: Set<ConnectionID> = []

    /// Whom each node follows; who follows nobody is a master.
    var following = [World.replicas[0]: World.master, World.replicas[1]: World.master]
    /// Who is listed by whom.
    var replicasOf: [Endpoint: [Endpoint]] = [:]
    /// Since when those who follow a replica have been without a master.
    var withoutMasterSince: Instant?
    var offsets: [Endpoint: Int64] = [World.replicas[0]: 100, World.replicas[1]: 200]
    /// What peers answer, by where they are; absent ones don't.
    var opinions: [Endpoint: @Sendable (RunID?) -> Opinion] = [:]

    func info(of endpoint: Endpoint) -> InfoReport {
        var report = InfoReport()
        report.runID = runIDs[endpoint] ?? Self.runID(of: endpoint)
        if let master = following[endpoint] {
            report.role = .replica
            report.masterHost = master.host
            report.masterPort = master.port
            report.isMasterLinkUp = reachable(master) && following[master] == nil
            if report.isMasterLinkUp == false, let since = withoutMasterSince { report.masterLinkDownFor = now - since }
            report.priority = 100
            report.offset = offsets[endpoint] ?? 0
        } else {
            report.role = .master
            report.replicas = replicasOf[endpoint] ?? []
        }
        return report
    }

    /// Whether nodes deny a command of the transaction, so that its EXEC fails.
    var refusesTransactions = false

    /// Nodes that say yes to SLAVEOF and follow whom they followed before.
    var unmoved: Set<Endpoint> = []

    /// Nodes that deny SLAVEOF, as one that is loading does.
    var refusing: Set<Endpoint> = []

    /// What nodes say their run IDs are, where that is not one of their own.
    var runIDs: [Endpoint: String] = [:]

    static func runID(of endpoint: Endpoint) -> String {
        let digits = "\(endpoint.host).\(endpoint.port).".filter { $0.isHexDigit }
        return digits + String(repeating: "0", count: max(0, 40 - digits.count))
    }

    private var answeredEffects = 0
    var unansweredPings: Int {
        effects[answeredEffects...].count { if case .send(_, .ping, _) = $0 { true } else { false } }
    }

    private mutating func takeUnanswered() -> [(ConnectionID, Request)] {
        let owed = effects[answeredEffects...].compactMap { effect -> (ConnectionID, Request)? in
            if case .send(let id, let request, _) = effect { (id, request) } else { nil }
        }
        answeredEffects = effects.count
        return owed
    }

    /// A client's command; the answer, or `nil` if it has to wait.
    @discardableResult
    mutating func ask(_ command: Command) -> Response? {
        requests += 1
        let id = RequestID(requests)
        take(.command(id, command))
        return answer(to: id)
    }

    var lastRequest: RequestID { RequestID(requests) }

    func answer(to request: RequestID) -> Response? {
        for case .answer(request, let response) in effects { return response }
        return nil
    }

    var events: [Event] {
        effects.compactMap { if case .emit(let event) = $0 { event } else { nil } }
    }

    /// The steps of failovers so far.
    var steps: [Event.FailoverStep] {
        events.compactMap { if case .failover(let step, _) = $0 { step } else { nil } }
    }

    var sent: [Request] {
        effects.compactMap { if case .send(_, let request, _) = $0 { request } else { nil } }
    }

    mutating func forget() {
        _ = takeUnanswered()
        effects = []
        answeredEffects = 0
    }

    /// Runs with every peer agreeing, and voting for us in each attempt.
    mutating func runElected(for duration: Duration) {
        let end = now + duration
        while now < end {
            letPeersAgree()
            run(for: min(end - now, .milliseconds(500)))
        }
    }

    /// Has every peer agree and vote for us.
    mutating func letPeersAgree() {
        for peer in sentinel.masters[sentinel.masterOrder[0]].peers {
            let epoch = sentinel.currentEpoch.next
            opinions[Endpoint(host: peer.presence.address.host, port: peer.presence.address.port)] = { candidate in
                Opinion(isDown: true, vote: candidate.map { Vote(candidate: $0, epoch: epoch) })
            }
        }
    }
}

extension Command {
    static func monitor(_ name: MasterName, _ endpoint: Endpoint, quorum: Int) -> Command {
        .monitor(name, host: endpoint.host, port: Int(endpoint.port), quorum: quorum)
    }
}
