// SPDX-License-Identifier: Apache-2.0

// What a sentinel says, and what is judged by it.

import SentinelCore
import SentinelWire

extension Simulation {
    func notice(_ event: Event, by process: SentinelProcess) throws(Violation) {
        let text = EventText(event)
        say(process.name, "\(text.name) \(text.payload)")
        switch event {
        case .epochRaised(let epoch, _): process.lastRaisedEpoch = epoch
        case .tiltEntered: process.isTilted = true
        case .tiltLeft:
            try checkTrust(in: process, "leaves tilt")
            process.isTilted = false
            process.untrustedUntil = nil
        case .voted(let vote, let name):
            lastAttemptAt[name] = now
            process.votedIn[vote] = name
            if process.isOriginal { try votes.told(vote, by: process.runID, group: name) }
        case .sdown(let label):
            try checkTrust(in: process, "holds \(label.name) down")
            if label.kind == .master { process.downSince[label.masterName] = process.localTime(now) }
        case .sdownCleared(let label):
            if label.kind == .master { process.downSince[label.masterName] = nil }
        case .roleReported(let label, let role, _):
            guard label.kind == .master else { break }
            process.replicaSince[label.masterName] = role == .replica ? process.localTime(now) : nil
        case .odown(let label, let reports, let quorum):
            try checkTrust(in: process, "finds that \(label.name) is objectively down")
            guard quorum != schedule.quorum || reports < quorum, sabotage != .majorityOfReachable else { return }
            throw Violation(
                rule: .odownHasQuorum,
                text: "\(process.name) takes \(reports) for the quorum of \(schedule.quorum) of \(label.name)")
        case .failover(.selectedReplica, let replica):
            // Where there are names, whoever is told is judged: the name may lead to another node for a moment.
            guard schedule.names == .none, let node = node(at: replica.address) else { break }
            try checkFitness(of: node, in: replica.masterName, process)
        case .replicaFound(let label): process.listed[label.masterName, default: []].insert(label.address)
        case .failover(let step, let subject): try notice(step, of: subject.masterName, by: process)
        case .masterSwitched(let name, _, _): forget(name, in: process)
        case .masterReset(let label), .unmonitored(let label): forget(label.masterName, in: process)
        default: break
        }
    }

    private func forget(_ name: MasterName, in process: SentinelProcess) {
        process.attempts[name] = nil
        process.downSince[name] = nil
        process.replicaSince[name] = nil
    }

    private func notice(
        _ step: Event.FailoverStep, of name: MasterName, by process: SentinelProcess
    ) throws(Violation) {
        switch step {
        case .tried:
            if process.forcedNext != name { try checkTrust(in: process, "stands for election in \(name)") }
            startLatecomers()
            process.attempts[name] = SentinelProcess.Attempt(
                epoch: process.lastRaisedEpoch, isForced: process.forcedNext == name)
            process.forcedNext = nil
            lastAttemptAt[name] = now
            outcome.elections += 1
            if sabotage == .promotionBeforeElection { try promoteAtOnce(name, by: process) }
        case .elected:
            guard let attempt = process.attempts[name] else { return }
            process.attempts[name]?.isElected = true
            if attempt.isForced { configurations.forced(name, in: attempt.epoch) }
            guard !attempt.isForced, let settings = process.settings(of: name) else { return }
            let needed = max((settings.knownSentinels.count + 1) / 2 + 1, schedule.quorum)
            if process.isOriginal, votes.count(for: process.runID, in: attempt.epoch, group: name) < needed {
                // Asked in a later epoch than its attempt's, it counts votes of that one: known, and not ours to mend.
                return configurations.forced(name, in: attempt.epoch)
            }
            let own = Vote(candidate: process.runID, epoch: attempt.epoch)
            if !process.isOriginal { try votes.told(own, by: process.runID, group: name) }
            try checkDurable(own, group: name, of: process)
            try votes.elected(
                process.runID, in: attempt.epoch, group: name, needed: needed)
        case .promoted:
            outcome.failovers += 1
            try checkDurable(promotionIn: name, by: process)
        case .notElected, .noGoodReplica, .promotionTimedOut, .ended: process.attempts[name] = nil
        default: break
        }
    }

    /// What a core would do that does not wait for its election.
    private func promoteAtOnce(_ name: MasterName, by process: SentinelProcess) throws(Violation) {
        guard let replica = process.settings(of: name)?.knownReplicas.first else { return }
        try checkOrder(.replicate(nil, isBare: false), to: replica, by: process)
    }

    /// Whoever was to join in an election does so now.
    private func startLatecomers() {
        for process in waitingForElection {
            timeline.enter(.sentinelStarts(process), at: now + dice.milliseconds(1...300))
        }
        waitingForElection = []
    }
}
