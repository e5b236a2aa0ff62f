// SPDX-License-Identifier: Apache-2.0

// The quiet room. A sentinel is told what happened (`Input`) and when, and says what is to be done (`Effect`) and when
// it wants to be woken (`nextDeadline`). It knows no socket, clock, file or random source.
//
// How to read it: `handle` takes the input in and marks what it concerns (`touch`); then everything that is due is
// looked at, a link (`advance(link:)`: connect, ping) or a group (`advance(master:)`: INFO, hellos, sdown, odown,
// failover). Looking is idempotent, so a mark too many costs time and changes nothing.

/// One sentinel: every decision it takes.
package struct Sentinel: Sendable {
    package let myID: RunID
    package internal(set) var currentEpoch: Epoch
    /// The port that the others reach us on.
    let listeningPort: UInt16
    var announceHost: String?
    var announcePort: UInt16
    var resolvesHostnames: Bool
    var settingsAnnounceHostnames: Bool
    let separatesSubscriptions: Bool
    var sentinelUser: String?
    var sentinelPassword: Secret?
    /// What peers without a `sentinel-pass` are sent: our own `requirepass`.
    var fallbackPeerPassword: Secret?
    let deniesScriptReconfiguration: Bool
    var logThreshold: LogThreshold
    package internal(set) var timing = Timing()

    var masters = Slab<Master>()
    /// In the order in which they were added, which is the order they are shown in.
    var masterOrder: [Master.ID] = []
    var masterByName: [MasterName: Master.ID] = [:]
    var mastersByPlace: [NodeAddress.Place: [Master.ID]] = [:]
    var links = Slab<Link>()
    var linkDirectory = LinkDirectory()
    var linkOfConnection: [ConnectionID: Link.ID] = [:]
    var peerLinks: [RunID: [Link.ID]] = [:]
    var names = Names()
    var agenda = Agenda()
    var durability: Durability
    var tilt = Tilt()
    var scripts = ScriptQueue()
    var simulatedFailures: Set<SimulatedFailure> = []
    var counters = Counters()
    /// The addresses we gave in hellos; what comes back from another one is not ours.
    var announcedAs: Set<Endpoint> = []
    /// Where somebody else with our run ID was last heard of.
    var impostor: Endpoint?
    var generator: SeededGenerator

    /// When the input being handled came in, or the last one before it.
    private(set) var inputAt = Instant.start
    private var connectionsMade: UInt64 = 0
    private var replicasMade: UInt64 = 0
    private var outbox: [Effect] = []

    /// A sentinel as the file left it.
    ///
    /// - Parameters:
    ///   - settings: With an identity; a file without one gets it before.
    ///   - listeningPort: Told to the others unless `announcePort` is set.
    ///   - seed: Spreads what must not happen everywhere at the same time.
    package init(
        _ settings: Settings, myID: RunID, listeningPort: UInt16, requirePassword: Secret?,
        logThreshold: LogThreshold = .notice, seed: UInt64
    ) {
        self.logThreshold = logThreshold
        self.myID = myID
        self.listeningPort = listeningPort
        currentEpoch = settings.masters.reduce(settings.currentEpoch) { max($0, $1.configEpoch, $1.leaderEpoch) }
        durability = Durability(savedEpoch: currentEpoch)
        announceHost = settings.announceHost
        announcePort = settings.announcePort
        resolvesHostnames = settings.resolvesHostnames
        settingsAnnounceHostnames = settings.announcesHostnames
        separatesSubscriptions = settings.separatesSubscriptions
        sentinelUser = settings.sentinelUser
        sentinelPassword = settings.sentinelPassword
        fallbackPeerPassword = requirePassword
        deniesScriptReconfiguration = settings.deniesScriptReconfiguration
        generator = SeededGenerator(seed: seed)
        for master in settings.masters where masterByName[master.name] == nil {
            addMaster(master, at: .start)
        }
        nextDeadline = agenda.earliest
    }

    /// When `.woken` is wanted if nothing else happens before; `nil` for never.
    ///
    /// Once that is past, `.woken` is wanted as soon as everything that has arrived was taken in.
    ///
    /// Stored, so that whoever looks at it from outside does not copy the whole sentinel first.
    package private(set) var nextDeadline: Instant?

    /// Takes `input` in at `now` and appends what is to be done to `effects`.
    package mutating func handle(_ input: Input, at now: Instant, into effects: inout [Effect]) {
        noticeDelay(at: now)
        inputAt = now
        durability.beginInput()
        let isJudged = input.isWakeUp || !isLate(at: now)
        take(input, at: now)
        if isJudged { runDue(at: now) }
        effects.append(contentsOf: outbox)
        outbox.removeAll(keepingCapacity: true)
        nextDeadline = agenda.earliest
    }

    /// As `handle(_:at:into:)`, for tests and simulations.
    package mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
        var effects: [Effect] = []
        handle(input, at: now, into: &effects)
        return effects
    }

    private mutating func take(_ input: Input, at now: Instant) {
        switch input {
        case .started: start(at: now)
        case .woken: break
        case .connected(let connection, let localHost): connected(connection, localHost: localHost, at: now)
        case .disconnected(let connection, let reason): disconnected(connection, reason, at: now)
        case .reply(let connection, let reply): replied(connection, reply, at: now)
        case .heard(let connection): heard(connection, at: now)
        case .hello(let hello, let connection): helloHeard(hello, on: connection, at: now)
        case .malformedHello(let connection):
            counters.malformedHellos += 1
            if let connection { heard(connection, at: now) }
        case .command(let request, let command): obey(request, command, at: now)
        case .scriptStarted(let id, let processID): scriptStarted(id, processID: processID)
        case .scriptEnded(let id, let ending): scriptEnded(id, ending, at: now)
        case .persisted(let generation): persisted(generation, at: now)
        case .persistFailed(let generation): persistFailed(generation, at: now)
        case .resolved(let host, let addresses): resolved(host, to: addresses, at: now)
        }
    }

    private mutating func runDue(at now: Instant) {
        while let (subject, at) = agenda.next(dueAt: now) {
            guard isAwaited(subject, at: at) else { continue }
            switch subject {
            case .link(let id):
                links[id].wakeAt = nil
                if let next = advance(link: id, at: now) { wake(.link(id), at: max(next, now + .microseconds(1))) }
            case .master(let id):
                masters[id].wakeAt = nil
                if let next = advance(master: id, at: now) { wake(.master(id), at: max(next, now + .microseconds(1))) }
            case .tilt: leaveTiltIfOver(at: now)
            case .persistence: retryPersisting(at: now)
            case .scripts:
                scripts.wakeAt = nil
                advanceScripts(at: now)
            }
        }
    }

    /// Whether a deadline still stands; `false` if its subject has another by now, or is gone.
    private func isAwaited(_ subject: Agenda.Subject, at instant: Instant) -> Bool {
        switch subject {
        case .link(let id): links.contains(id) && links[id].wakeAt == instant
        case .master(let id): masters.contains(id) && masters[id].wakeAt == instant
        case .scripts: scripts.wakeAt == instant
        case .tilt, .persistence: true
        }
    }

    private mutating func dropStaleDeadlines() {
        var agenda = Agenda()
        swap(&agenda, &self.agenda)
        agenda.keep { isAwaited($0, at: $1) }
        self.agenda = agenda
    }

    private mutating func start(at now: Instant) {
        emitLog(.sentinelID(myID))
        for id in masterOrder {
            emit(.monitored(label(id), quorum: masters[id].quorum))
            touch(.master(id), at: now)
        }
        for id in links.ids { touch(.link(id), at: now) }
    }

    // MARK: What the rest of the core uses

    /// Has `subject` looked at before this input is done with.
    mutating func touch(_ subject: Agenda.Subject, at now: Instant) { wake(subject, at: now) }

    /// Has `subject` looked at by `instant` at the latest.
    mutating func wake(_ subject: Agenda.Subject, at instant: Instant) {
        switch subject {
        case .link(let id):
            if let wakeAt = links[id].wakeAt, wakeAt <= instant { return }
            links[id].wakeAt = instant
        case .master(let id):
            if let wakeAt = masters[id].wakeAt, wakeAt <= instant { return }
            masters[id].wakeAt = instant
        case .scripts:
            if let wakeAt = scripts.wakeAt, wakeAt <= instant { return }
            scripts.wakeAt = instant
        case .tilt, .persistence: break
        }
        agenda.enter(subject, at: instant)
        if agenda.isCrowded { dropStaleDeadlines() }
    }

    /// Tells an event, and runs the notification script of the group it is about if there is one.
    mutating func emit(_ event: Event) {
        outbox.append(.emit(event))
        guard event.severity == .warning, let name = event.group, let id = masterByName[name],
            let script = masters[id].notificationScript
        else { return }
        runScript(script, .notification(event), at: inputAt)
    }

    mutating func emitLog(_ line: LogLine) { outbox.append(.log(line)) }
    mutating func perform(_ effect: Effect) { outbox.append(effect) }

    /// Ends this life; an operator asked for it.
    mutating func crash(_ failure: SimulatedFailure) {
        emitLog(.simulatedCrash(failure))
        perform(.crash(failure))
    }

    mutating func makeConnectionID() -> ConnectionID {
        connectionsMade += 1
        return ConnectionID(connectionsMade)
    }

    mutating func makeReplicaID() -> ReplicaID {
        replicasMade += 1
        return ReplicaID(number: replicasMade)
    }
}
