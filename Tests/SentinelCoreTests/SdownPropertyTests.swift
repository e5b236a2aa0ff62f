// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

// Speed never by being wrong. A random world answers, delays, errs, breaks and mends at random; beside it an observer
// keeps what was asked and answered on each connection, and nothing else. Whenever an instance is declared down, the
// observer must find one of the reasons of the specification.

/// Source: spec/monitoring.md 3.2, 4.
@Suite struct `Subjectively down, at random` {
    @Test(arguments: 0..<30)
    func `is never earlier than the specification allows, and never without a reason`(seed: UInt64) throws {
        var scene = RandomScene(seed: seed)
        for _ in 0..<1_000 { try scene.step() }
        // A scene in which nobody goes down would prove nothing.
        #expect(scene.observer.verdicts > 0)
    }

    @Test(arguments: 0..<20)
    func `is never late either, when the sentinel is woken as it wishes`(seed: UInt64) throws {
        var scene = RandomScene(seed: seed)
        scene.isPunctual = true
        for _ in 0..<1_000 {
            try scene.step()
            try scene.expectNobodyOverdue()
        }
    }
}

/// What can be known about an instance from outside: what was sent to it and what came back.
private struct Observer {
    struct Track {
        /// The oldest PING that no acceptable answer followed.
        var unansweredSince: Instant?
        var availableAt: Instant
        var isConnected = false
    }

    var tracks: [Endpoint: Track] = [:]
    var wrongRoleSince: Instant?
    var verdicts = 0

    mutating func track(_ endpoint: Endpoint, at now: Instant) -> Track {
        // One that was never reached counts from the start.
        tracks[endpoint] ?? Track(unansweredSince: now, availableAt: now)
    }

    /// How long `endpoint` has been silent in the words of the specification.
    func silence(of endpoint: Endpoint, at now: Instant) -> Duration {
        guard let track = tracks[endpoint] else { return now - .start }
        if let since = track.unansweredSince { return now - since }
        return track.isConnected ? .zero : now - track.availableAt
    }
}

/// A sentinel with a master, two replicas and two peers, all of them moody.
private struct RandomScene {
    var sentinel: Sentinel
    var now = Instant.start
    var generator: SeededGenerator
    var observer = Observer()
    /// Whether the sentinel is woken exactly when it asks to be.
    var isPunctual = false
    let downAfter: Duration
    private let infoPeriod = Duration.seconds(10)

    /// Open connections, and on each the requests that are owed.
    private var connections: [(id: ConnectionID, to: Endpoint, isCommand: Bool, isEstablished: Bool, owed: [Request])] =
        []
    private enum Mood: CaseIterable { case well, slow, silent, refusing, erring }
    private var moods: [Endpoint: Mood] = [:]
    private var effects: [Effect] = []

    private static let nodes = [World.master] + World.replicas
    private static let peers = "bc".map { World.host(ofPeer: $0) }

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        downAfter = [.milliseconds(300), .seconds(1), .seconds(4)][Int(seed % 3)]
        var settings = Settings()
        var master = MasterSettings(name: World.name, address: World.master, quorum: 3)
        master.downAfter = downAfter
        master.knownReplicas = World.replicas
        master.knownSentinels = "bc".map { KnownSentinel(address: World.host(ofPeer: $0), runID: World.id($0)) }
        settings.masters = [master]
        sentinel = Sentinel(settings, myID: World.myID, listeningPort: 26379, requirePassword: nil, seed: seed)
        for endpoint in Self.nodes + Self.peers {
            moods[endpoint] = .well
            observer.tracks[endpoint] = observer.track(endpoint, at: .start)
        }
        sentinel.handle(.started, at: now, into: &effects)
    }

    /// Some time passes and something may happen.
    mutating func step() throws {
        try settle()
        let pause = Duration.microseconds(Int.random(in: 0...60_000, using: &generator))
        let next = now + pause
        // A sentinel that is woken too late finds more time gone than really was silence; never long enough for tilt.
        while let due = sentinel.nextDeadline, due <= next {
            now = max(now, due)
            if !isPunctual { now = now + .microseconds(Int.random(in: 0...20_000, using: &generator)) }
            try take(.woken)
        }
        now = max(now, next)
        if Int.random(in: 0..<25, using: &generator) == 0 {
            let endpoint = (Self.nodes + Self.peers).randomElement(using: &generator)!
            moods[endpoint] = Mood.allCases.randomElement(using: &generator)
        }
        try answerSome()
    }

    /// Carries out what was asked for, and what follows from it at once.
    private mutating func settle() throws {
        while !effects.isEmpty {
            let batch = effects
            effects = []
            for effect in batch { try perform(effect) }
        }
    }

    private mutating func take(_ input: Input) throws {
        sentinel.handle(input, at: now, into: &effects)
        try settle()
    }

    private mutating func perform(_ effect: Effect) throws {
        switch effect {
        case .connect(let id, let channel, let endpoint):
            connections.append((id, endpoint, channel == .command, false, []))
        case .disconnect(let id): close(id)
        case .send(let id, let request, _):
            guard let index = connections.firstIndex(where: { $0.id == id }), connections[index].isCommand else {
                return
            }
            connections[index].owed.append(request)
            let endpoint = connections[index].to
            if request == .ping, let track = observer.tracks[endpoint], track.unansweredSince == nil {
                observer.tracks[endpoint]?.unansweredSince = now
            }
        case .persist(let generation): sentinel.handle(.persisted(generation), at: now, into: &effects)
        case .emit(.sdown(let subject)): try judge(subject)
        default: break
        }
    }

    private mutating func close(_ id: ConnectionID) {
        guard let index = connections.firstIndex(where: { $0.id == id }) else { return }
        if connections[index].isCommand { observer.tracks[connections[index].to]?.isConnected = false }
        connections.remove(at: index)
    }

    private mutating func judge(_ subject: InstanceLabel) throws {
        observer.verdicts += 1
        let silence = observer.silence(of: subject.address, at: now)
        let wrongRole = observer.wrongRoleSince.map { now - $0 > downAfter + infoPeriod * 2 } ?? false
        #expect(
            silence > downAfter || (subject.kind == .master && wrongRole),
            "\(subject.address) is declared down after \(silence) of silence")
    }

    func expectNobodyOverdue() throws {
        let master = sentinel.masters[sentinel.masterOrder[0]]
        let presences = [master.presence] + master.replicas.map(\.presence) + master.peers.map(\.presence)
        for presence in presences {
            let endpoint = Endpoint(host: presence.address.host, port: presence.address.port)
            let silence = observer.silence(of: endpoint, at: now)
            // What is due between two wake-ups is not overdue yet.
            guard silence > downAfter + .milliseconds(61), !presence.isSdown else { continue }
            Issue.record("\(endpoint) has been silent for \(silence) and is held up")
        }
    }

    /// Lets some connections be established, break or answer, as the moods of the instances are.
    private mutating func answerSome() throws {
        for connection in connections.shuffled(using: &generator) {
            guard let index = connections.firstIndex(where: { $0.id == connection.id }) else { continue }
            let mood = moods[connection.to] ?? .well
            if !connection.isEstablished {
                switch mood {
                case .well, .slow, .erring:
                    connections[index].isEstablished = true
                    if connection.isCommand { observer.tracks[connection.to]?.isConnected = true }
                    try take(.connected(connection.id, localHost: "10.0.1.97"))
                case .refusing: try lose(connection.id)
                case .silent: break
                }
                continue
            }
            switch mood {
            case .well: try answer(connection.id, .pong)
            case .slow:
                if Int.random(in: 0..<12, using: &generator) == 0 { try answer(connection.id, .notReady) }
            case .erring: try answer(connection.id, Bool.random(using: &generator) ? .busy : .refused)
            case .silent: break
            case .refusing: try lose(connection.id)
            }
        }
    }

    private mutating func lose(_ id: ConnectionID) throws {
        close(id)
        try take(.disconnected(id, reason: "closed"))
    }

    private mutating func answer(_ id: ConnectionID, _ pong: PingReply) throws {
        while let index = connections.firstIndex(where: { $0.id == id }), !connections[index].owed.isEmpty {
            let endpoint = connections[index].to
            switch connections[index].owed.removeFirst() {
            case .ping:
                if pong.isAcceptable {
                    observer.tracks[endpoint]?.unansweredSince = nil
                    observer.tracks[endpoint]?.availableAt = now
                }
                try take(.reply(id, .ping(pong)))
            case .info: try take(.reply(id, .info(info(of: endpoint))))
            case .hello: try take(.reply(id, .published(true)))
            case .isMasterDown: try take(.reply(id, .opinion(Opinion(isDown: false, vote: nil))))
            case .replicate: try take(.reply(id, .replicated(true)))
            case .authenticate, .introduce, .scriptKill: try take(.reply(id, .other))
            case .speakRESP3: try take(.reply(id, .protocolAgreed(isRESP3: .random(using: &generator))))
            case .subscribeToHellos: try take(.reply(id, .subscribed(.random(using: &generator))))
            }
        }
    }

    private mutating func info(of endpoint: Endpoint) -> InfoReport {
        var report = InfoReport()
        report.role = endpoint == World.master ? .master : .replica
        if endpoint == World.master {
            // Now and then the master says that it is a replica.
            if Int.random(in: 0..<4, using: &generator) == 0 { report.role = .replica }
            observer.wrongRoleSince = report.role == .replica ? observer.wrongRoleSince ?? now : nil
        } else {
            report.masterHost = World.master.host
            report.masterPort = World.master.port
            report.isMasterLinkUp = true
        }
        return report
    }
}
