// SPDX-License-Identifier: Apache-2.0

// What a shell does for a sentinel: start it from its file, feed it, perform its effects in order, wake it.

import SentinelConfiguration
import SentinelCore

extension Simulation {
    // MARK: Life and death

    /// Starts a sentinel from the text on its disk.
    func start(_ process: SentinelProcess) throws(Violation) {
        guard !process.isRunning else { return }
        if sabotage == .oldFileComesBack, process.life > 0 {
            process.disk.revert(
                to: Rewriter.rewrite(old: [], configuration: process.configuration), process.configuration.sentinel)
        }
        let configuration = try read(process.disk.materialise(), of: process)
        guard configuration.sentinel.inOrder == process.disk.settings.inOrder else {
            throw Violation(
                rule: .fileIsReadable,
                text: "\(process.name) reads \(configuration.sentinel), and \(process.disk.settings) was saved")
        }
        process.life += 1
        process.bootedAt = now
        process.isUnplugged = false
        process.isPaused = false
        process.isTilted = false
        process.inbox = []
        process.wires = [:]
        process.requests = [:]
        process.attempts = [:]
        process.listed = [:]
        process.ambush = nil
        process.diesInWrite = false
        process.clockOffset = .zero
        process.untrustedUntil = nil
        process.heardAt = .start
        process.downSince = [:]
        process.replicaSince = [:]
        process.infoMadeAt = [:]
        process.runningScripts = []
        process.wakeAt = nil
        process.remembered = configuration.sentinel
        process.removals = try epochs.noteRead(configuration.sentinel, by: process)
        noteKnown(configuration.sentinel, of: process)
        process.startedAt = now
        say(process.name, "starts for the \(process.life). time")
        var settings = configuration.sentinel
        if sabotage == .quorumIsOneLess {
            for index in settings.masters.indices where settings.masters[index].quorum > 1 {
                settings.masters[index].quorum -= 1
            }
        }
        if sabotage == .majorityOfReachable {
            for index in settings.masters.indices {
                settings.masters[index].knownSentinels = []
                settings.masters[index].quorum = 1
            }
        }
        guard !process.isOriginal else {
            process.brain = OriginalSentinel(
                settings, myID: process.runID, endpoint: process.endpoint, tiltPeriod: schedule.tiltPeriod,
                dice: Dice(seed: dice.seed(), stream: .course))
            return try feed(process, .started)
        }
        let brain = CoreBrain(
            Sentinel(
                settings, myID: process.runID, listeningPort: process.endpoint.port, requirePassword: nil,
                seed: sabotage == .nothingIsStaggered ? 1 : dice.seed()))
        process.brain = brain
        try feed(process, .started)
        guard process.isRunning else { return }
        var timing = brain.timing
        timing.tiltPeriod = schedule.tiltPeriod
        if sabotage == .tiltIsIgnored { timing.tiltTrigger = .seconds(1_000_000) }
        if sabotage == .nothingIsStaggered {
            timing.candidacyStagger = .zero
            timing.longestCandidacyStagger = .zero
        }
        try feed(process, .command(process.makeRequest(.operate), .setTiming(timing)))
    }

    private func read(_ text: [UInt8], of process: SentinelProcess) throws(Violation) -> Configuration {
        do throws(ConfigurationError) {
            return try Configuration.read(
                ConfigurationSources(file: SourceFile(name: "sentinel.conf", text: text)),
                environment: SimulatedEnvironment())
        } catch {
            throw Violation(
                rule: .fileIsReadable,
                text: "\(process.name): \(String(decoding: error.report(version: "0"), as: UTF8.self))")
        }
    }

    /// Ends a sentinel's life without notice.
    ///
    /// - Parameter isUnplugged: The machine is gone with it: nobody refuses or closes connections.
    func crash(_ process: SentinelProcess, isUnplugged: Bool, diesBeforeRename: Bool = false) throws(Violation) {
        guard process.isRunning else { return }
        say(process.name, isUnplugged ? "is unplugged" : "crashes")
        process.brain = nil
        process.isUnplugged = isUnplugged
        let isRenamed = !diesBeforeRename && dice.chance(0.5)
        let isInPlace = schedule.traits.contains(.mountedFiles) && !process.isOriginal
        let end: Disk.End =
            isInPlace ? .inPlace(isPowerLost: isUnplugged) : isRenamed ? .afterRename : .beforeRename
        if let write = process.disk.crash(end, &dice) { try noteDurable(write, of: process) }
        let own = process.wires.values.sorted { $0.connection.number < $1.connection.number }
        for wire in own {
            wire.isOpenAtOwner = false
            if !isUnplugged { push(.closed, on: wire, to: .target) }
        }
        process.wires = [:]
        closeWires(to: process.host, isSilent: isUnplugged)
    }

    func pause(_ process: SentinelProcess, for duration: Duration) {
        guard process.isRunning, !process.isPaused else { return }
        say(process.name, "stands still for \(duration)")
        process.isPaused = true
        timeline.enter(.sentinelResumes(process, life: process.life), at: now + duration)
    }

    func resume(_ process: SentinelProcess) throws(Violation) {
        guard process.isRunning, process.isPaused else { return }
        process.isPaused = false
        let (inbox, life) = (process.inbox, process.life)
        process.inbox = []
        for work in inbox where process.life == life && process.isRunning {
            switch work {
            case .input(let input): try feed(process, input)
            case .request(let wire, let request): try serve(request, on: wire, at: process)
            }
        }
        guard process.isRunning else { return }
        try feed(process, .woken)
    }

    // MARK: Input and effects

    func feed(_ process: SentinelProcess, _ input: Input) throws(Violation) {
        guard !process.isPaused else { return process.inbox.append(.input(input)) }
        guard process.isRunning else { return }
        let life = process.life
        noticeStandstill(of: process)
        guard let effects = process.brain?.handle(input, at: process.localTime(now)) else { return }
        try noteChange(of: process, effects)
        for effect in effects {
            if try isAmbushed(process, effect) { return }
            try perform(effect, of: process)
            guard process.isRunning, process.life == life else { return }
        }
        scheduleWake(of: process)
    }

    /// A loop that was held up longer than the TILT trigger has measured nothing but itself.
    private func noticeStandstill(of process: SentinelProcess) {
        let local = process.localTime(now)
        // While it hears what has arrived in a shorter pause it is late, but does not stand still.
        let heardAt = process.isOriginal ? .start : process.heardAt
        process.heardAt = local
        guard let due = process.brain?.nextDeadline,
            local - max(due, heardAt) > .seconds(2) || local - due > .seconds(4)
        else { return }
        process.untrustedUntil = local + schedule.tiltPeriod
        process.untrustedSince = now
    }

    func checkTrust(in process: SentinelProcess, _ what: @autoclosure () -> String) throws(Violation) {
        guard let until = process.untrustedUntil, process.localTime(now) < until else { return }
        throw Violation(rule: .nothingInTilt, text: "\(process.name) \(what()), and was held up")
    }

    /// What is to be remembered is what it is after the whole input, whichever effect says so.
    private func noteChange(of process: SentinelProcess, _ effects: [Effect]) throws(Violation) {
        let changes = effects.contains { if case .persist = $0 { true } else { false } }
        guard changes, var remembered = process.brain?.remembered else { return }
        if sabotage == .replicasAreForgotten {
            for index in remembered.masters.indices { remembered.masters[index].knownReplicas = [] }
        }
        try EpochBook.noteChange(from: process.remembered, to: remembered, of: process)
        try configurations.held(remembered, by: process.name, isOriginal: process.isOriginal, isOneNode: mayBeOneNode)
        for settings in remembered.masters
        where process.settings(of: settings.name).map({ $0.configEpoch < settings.configEpoch }) ?? true {
            process.configEpochTakenAt[settings.name] = now
        }
        process.remembered = remembered
    }

    /// Whether the process dies at this effect, before or after it was performed.
    private func isAmbushed(_ process: SentinelProcess, _ effect: Effect) throws(Violation) -> Bool {
        guard let ambush = process.ambush else { return false }
        switch effect {
        case .persist, .answer(_, .opinion(_, .some, _)), .send(_, .replicate, _), .emit(.failover),
            .send(_, .isMasterDown(_, _, .some), _):
            break
        default: return false
        }
        guard ambush.effectsLeft == 0 else {
            process.ambush?.effectsLeft -= 1
            return false
        }
        if !ambush.isBefore { try perform(effect, of: process) }
        guard process.isRunning else { return true }
        say(process.name, "dies \(ambush.isBefore ? "before" : "after") \(effect)")
        try crash(process, isUnplugged: false)
        timeline.enter(.sentinelStarts(process), at: now + dice.milliseconds(20...8000))
        return true
    }

    func scheduleWake(of process: SentinelProcess) {
        guard sabotage != .neverWoken, let deadline = process.brain?.nextDeadline else { return }
        // Timers count microseconds, and a busy machine is late.
        let microseconds = deadline.sinceStart.wholeMicrosecondsUp
        var due = process.worldTime(.microseconds(microseconds))
        if due <= now { due = now } else { due = due + dice.microseconds(0...300) }
        if let wakeAt = process.wakeAt, wakeAt <= due + .microseconds(300) { return }
        process.wakeAt = due
        timeline.enter(.wake(process, life: process.life), at: due)
    }

    func wake(_ process: SentinelProcess, _ life: Int) throws(Violation) {
        guard process.life == life, process.isRunning, let wakeAt = process.wakeAt, wakeAt <= now else { return }
        process.wakeAt = nil
        guard !process.isPaused else { return }
        guard let deadline = process.brain?.nextDeadline, deadline <= process.localTime(now) else {
            return scheduleWake(of: process)
        }
        try process.pace.woken(process.name, at: now)
        try feed(process, .woken)
    }

    private func perform(_ effect: Effect, of process: SentinelProcess) throws(Violation) {
        switch effect {
        case .connect(let id, let channel, let endpoint): connect(process, id, channel, to: endpoint)
        case .disconnect(let id):
            guard let wire = process.wires.removeValue(forKey: id) else { return }
            wire.isOpenAtOwner = false
            wire.toOwner.removeAll()
            push(.closed, on: wire, to: .target)
        case .send(let id, let request, _):
            guard let wire = process.wires[id] else { return }
            try send(request, on: wire, by: process)
        case .answer(let id, let response): try answer(id, response, by: process)
        case .persist(let generation):
            if sabotage == .nothingIsSaved {
                try noteDurable(process.remembered, after: process.removals, of: process)
                return feedLater(process, .persisted(generation))
            }
            if process.isOriginal { return try writeAtOnce(process) }
            process.disk.wanted = generation
            beginWrite(of: process)
        case .emit(let event): try notice(event, by: process)
        case .log(.userRequestedFailover(let name)): process.forcedNext = name
        case .log(let line): say(process.name, "logs \(line)")
        case .resolve(let host): resolve(host, for: process)
        case .runScript(let id, _, _): try runScript(id, of: process)
        case .killScript(let id):
            timeline.enter(.scriptEnds(process, life: process.life, id, .killed(signal: 9)), at: now)
        case .setLogThreshold: break
        case .crash: try crash(process, isUnplugged: false)
        }
    }

    /// Feeds an input that follows at once; the core is never re-entered, so it takes the way over the timeline.
    private func feedLater(_ process: SentinelProcess, _ input: Input) {
        timeline.enter(.input(process, life: process.life, input), at: now)
    }

    // MARK: Scripts

    private func runScript(_ id: ScriptID, of process: SentinelProcess) throws(Violation) {
        guard !dice.chance(0.02) else { return feedLater(process, .scriptEnded(id, .notStarted)) }
        process.runningScripts.insert(id)
        guard process.runningScripts.count <= 16 else {
            throw Violation(
                rule: .scriptsAreFew, text: "\(process.name) runs \(process.runningScripts.count) scripts at once")
        }
        feedLater(process, .scriptStarted(id, processID: 4711))
        // Most end soon, some fail, some ask to be tried again, some hang until they are killed.
        let end = dice.pick(
            [.exited(code: 0), .exited(code: 0), .exited(code: 1), .exited(code: 2), .killed(signal: 11)] as [ScriptEnd]
        )
        let time = dice.chance(0.1) ? dice.milliseconds(1000...200_000) : dice.milliseconds(1...500)
        timeline.enter(.scriptEnds(process, life: process.life, id, end), at: now + time)
    }

    func endScript(_ id: ScriptID, _ end: ScriptEnd, of process: SentinelProcess, _ life: Int) throws(Violation) {
        guard process.life == life, process.runningScripts.contains(id) else { return }
        if sabotage != .scriptsGoOn { process.runningScripts.remove(id) }
        try feed(process, .scriptEnded(id, end))
    }

    // MARK: Answers

    private func answer(_ id: RequestID, _ response: Response, by process: SentinelProcess) throws(Violation) {
        guard let requester = process.requests.removeValue(forKey: id) else { return }
        switch requester {
        case .client(let client): try answer(client, response, by: process)
        case .operate: if response != .ok { say(process.name, "answers the operator \(response)") }
        case .configure(let name):
            guard response == .ok else { return say(process.name, "answers the operator \(response)") }
            feedLater(process, .command(process.makeRequest(.operate), configuration(of: name)))
        case .peer(let wire, let place, let question):
            let reply: Reply
            switch response {
            case .opinion(let isDown, let leader, let epoch):
                reply = .opinion(try tell(isDown, leader, epoch, to: question, by: process))
            default: reply = .published(true)
            }
            complete(wire, place, reply)
        }
    }

    /// Checks and words an opinion before it leaves.
    private func tell(
        _ isDown: Bool, _ leader: RunID?, _ epoch: Epoch, to question: SentinelProcess.Question,
        by process: SentinelProcess
    ) throws(Violation) -> Opinion {
        guard case .isMasterDown(let endpoint, let asked, let candidate) = question.command,
            let meant = question.group ?? group(of: endpoint)
        else { return Opinion(isDown: isDown, vote: nil) }
        // An answer may have waited for the disk since before.
        if isDown, question.askedAt > process.untrustedSince {
            try checkTrust(in: process, "says that \(endpoint) is down")
        }
        var vote = leader.map { Vote(candidate: $0, epoch: epoch) }
        if sabotage == .voteGrantedTwice, let candidate { vote = Vote(candidate: candidate, epoch: asked) }
        guard let vote else { return Opinion(isDown: isDown, vote: nil) }
        let name = schedule.names == .none ? meant : process.votedIn[vote] ?? meant
        try votes.told(vote, by: process.runID, group: name)
        // An address that went from one group to another can be both groups' master's, as one that a name led to can.
        if name != meant { votes.mayMean(vote, by: process.runID, group: meant) }
        for settings in process.remembered.masters
        where settings.name != name && mayBeOneNode(settings.address, endpoint) {
            votes.mayMean(vote, by: process.runID, group: settings.name)
        }
        try checkDurable(vote, group: name, of: process)
        return Opinion(isDown: isDown, vote: vote)
    }

    /// Judges that a restart would know of the promotion that a leader tells of. A disk that takes nothing, or more than
    /// a second, is no reason to keep it to oneself; nor can who has lost his sense of time wait for one.
    func checkDurable(promotionIn name: MasterName, by process: SentinelProcess) throws(Violation) {
        let disk = process.disk
        let isRefusing = disk.isFull || disk.refusesRename || process.isDiskRefusing
        let takenAt = process.configEpochTakenAt[name] ?? .start
        guard sabotage == nil || sabotage == .promotionsAreNotSaved, !process.isOriginal, !isRefusing,
            process.clockJumps.last.map({ now - $0.at > .seconds(2) }) ?? true, now - takenAt <= .seconds(1),
            let epoch = process.settings(of: name)?.configEpoch, process.attempts[name]?.epoch == epoch,
            let durable = disk.settings.masters.first(where: { $0.name == name })?.configEpoch, durable < epoch
        else { return }
        throw Violation(
            rule: .promotionIsDurable,
            text: "\(process.name) tells of what epoch \(epoch) brought to \(name), \(durable) is on disk")
    }

    func checkDurable(_ vote: Vote, group name: MasterName, of process: SentinelProcess) throws(Violation) {
        let masters = process.disk.settings.masters
        guard sabotage == nil || sabotage == .nothingIsSaved, !process.isOriginal,
            let durable = masters.first(where: { $0.name == name })
        else { return }
        // Where an address is another group's as well, the question names neither; either may be the one voted on. That
        // it is this group's may not be on disk yet.
        let addresses = [durable.address, process.settings(of: name)?.address]
        guard masters.allSatisfy({ !addresses.contains($0.address) || $0.leaderEpoch < vote.epoch }) else { return }
        throw Violation(
            rule: .voteIsDurable,
            text: "\(process.name) tells of epoch \(vote.epoch) of \(name), \(durable.leaderEpoch) is on disk")
    }
}

extension Settings {
    /// The same, without the order of lines of a kind, which means nothing.
    fileprivate var inOrder: Settings {
        var copy = self
        copy.masters.sort { $0.name.text < $1.name.text }
        for index in copy.masters.indices {
            copy.masters[index].knownReplicas.sort { $0.description < $1.description }
            copy.masters[index].knownSentinels.sort { $0.runID < $1.runID }
        }
        return copy
    }
}

extension Duration {
    /// Microseconds, rounded up.
    var wholeMicrosecondsUp: Int64 {
        Int64((attoseconds + 999_999_999_999) / 1_000_000_000_000)
    }
}
