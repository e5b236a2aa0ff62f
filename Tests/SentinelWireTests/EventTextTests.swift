// SPDX-License-Identifier: Apache-2.0

import SentinelCore
import SentinelWire
import Testing

/// Source: spec/monitoring.md 9.
@Suite struct `Event texts` {
    static let name = MasterName("mymaster")
    static let masterAddress = Endpoint(host: "10.0.0.1", port: 6379)
    static let epoch = Epoch(7)
    static let runID = RunID(heard: String(repeating: "a", count: 40))

    static func label(_ kind: InstanceLabel.Kind) -> InstanceLabel {
        switch kind {
        case .master:
            InstanceLabel(
                kind: .master, name: "mymaster", address: masterAddress, masterName: name, masterAddress: masterAddress)
        case .replica:
            InstanceLabel(
                kind: .replica, name: "10.0.0.2:6379", address: Endpoint(host: "10.0.0.2", port: 6379),
                masterName: name, masterAddress: masterAddress)
        case .sentinel:
            InstanceLabel(
                kind: .sentinel, name: runID.text, address: Endpoint(host: "10.0.0.3", port: 26379), masterName: name,
                masterAddress: masterAddress)
        }
    }

    static let master = "master mymaster 10.0.0.1 6379"
    static let replica = "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.1 6379"
    static let sentinel = "sentinel \(runID) 10.0.0.3 26379 @ mymaster 10.0.0.1 6379"

    static let elsewhere = Endpoint(host: "10.0.0.9", port: 1)

    /// Every kind of event, with its name, its payload and its level.
    static let events: [(Event, String, String, Severity)] =
        [
            (.monitored(label(.master), quorum: 2), "+monitor", "\(master) quorum 2", .warning),
            (.unmonitored(label(.master)), "-monitor", master, .warning),
            (.optionSet(label(.master), option: "quorum", value: "3"), "+set", "\(master) quorum 3", .warning),
            (.masterReset(label(.master)), "+reset-master", master, .warning),
            (.replicaFound(label(.replica)), "+slave", replica, .notice),
            (.sentinelFound(label(.sentinel)), "+sentinel", sentinel, .notice),
            (
                .sentinelMoved(master: label(.master), runID, to: elsewhere), "+sentinel-address-switch",
                "\(master) ip 10.0.0.9 port 1 for \(runID)", .notice
            ),
            (
                .sentinelMovedElsewhere(label(.sentinel), count: 3), "+sentinel-address-update",
                "\(sentinel) 3 additional matching instances", .notice
            ),
            (.sentinelAddressTaken(label(.sentinel)), "+sentinel-invalid-addr", sentinel, .notice),
            (.sdown(label(.sentinel)), "+sdown", sentinel, .warning),
            (.sdownCleared(label(.replica)), "-sdown", replica, .warning),
            (.odown(label(.master), reports: 2, quorum: 3), "+odown", "\(master) #quorum 2/3", .warning),
            (.odownCleared(label(.master)), "-odown", master, .warning),
            (.epochRaised(epoch, name), "+new-epoch", "7", .warning),
            (.voted(Vote(candidate: runID, epoch: epoch), name), "+vote-for-leader", "\(runID) 7", .warning),
            (
                .masterSwitched(name, from: masterAddress, to: Endpoint(host: "10.0.0.2", port: 6380)),
                "+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 6380", .warning
            ),
            (.configUpdated(from: label(.sentinel)), "+config-update-from", sentinel, .warning),
            (.convertedToReplica(label(.replica)), "+convert-to-slave", replica, .notice),
            (.replicaConfigFixed(label(.replica)), "+fix-slave-config", replica, .notice),
            (.masterConfigFixed(label(.master)), "+fix-master-config", master, .notice),
            (
                .roleReported(label(.replica), .master, isExpected: false), "-role-change",
                "\(replica) new reported role is master", .verbose
            ),
            (
                .roleReported(label(.master), .replica, isExpected: true), "+role-change",
                "\(master) new reported role is slave", .verbose
            ),
            (.rebooted(label(.master)), "+reboot", master, .notice),
            (.tiltEntered, "+tilt", "#tilt mode entered", .warning),
            (.tiltLeft, "-tilt", "#tilt mode exited", .warning),
            // Ours alone; see Docs/differences.md.
            (.stateNotSaved, "+state-not-saved", "#no vote is given until the state is on disk again", .warning),
            (.stateSavedAgain, "-state-not-saved", "#the state is on disk again", .warning),
            (
                .linkLost(label(.replica), .command, reason: "Connection refused"), "-cmd-link-reconnection",
                "\(replica) #Connection refused", .debug
            ),
            (
                .linkLost(label(.master), .hello, reason: "Connection refused"), "-pubsub-link-reconnection",
                "\(master) #Connection refused", .debug
            ),
            (.scriptFailed(path: "/n.sh", .exited(code: 3)), "-script-error", "/n.sh 0 3", .warning),
            (.scriptFailed(path: "/n.sh", .killed(signal: 9)), "-script-error", "/n.sh 9 0", .warning),
            (.scriptFailed(path: "/n.sh", .notStarted), "-script-error", "/n.sh 99 0", .warning),
            (.scriptTimedOut(path: "/n.sh", processID: 17), "-script-timeout", "/n.sh 17", .warning),
        ] + steps.map { (.failover($0.0, label($0.2)), $0.1, $0.2 == .master ? master : replica, $0.3) }

    /// The steps of a failover, with whom each is told of.
    static let steps: [(Event.FailoverStep, String, InstanceLabel.Kind, Severity)] = [
        (.tried, "+try-failover", .master, .warning),
        (.elected, "+elected-leader", .master, .warning),
        (.notElected, "-failover-abort-not-elected", .master, .warning),
        (.selectingReplica, "+failover-state-select-slave", .master, .warning),
        (.noGoodReplica, "-failover-abort-no-good-slave", .master, .warning),
        (.selectedReplica, "+selected-slave", .replica, .warning),
        (.sendingPromotion, "+failover-state-send-slaveof-noone", .replica, .notice),
        (.waitingForPromotion, "+failover-state-wait-promotion", .replica, .notice),
        (.promotionTimedOut, "-failover-abort-slave-timeout", .master, .warning),
        (.promoted, "+promoted-slave", .replica, .warning),
        (.reconfiguringReplicas, "+failover-state-reconf-slaves", .master, .warning),
        (.reconfSent, "+slave-reconf-sent", .replica, .notice),
        (.reconfInProgress, "+slave-reconf-inprog", .replica, .notice),
        (.reconfDone, "+slave-reconf-done", .replica, .notice),
        (.reconfSentBestEffort, "+slave-reconf-sent-be", .replica, .notice),
        (.reconfTimedOut, "-slave-reconf-sent-timeout", .replica, .notice),
        (.endedForTimeout, "+failover-end-for-timeout", .master, .warning),
        (.ended, "+failover-end", .master, .warning),
    ]

    @Test(arguments: events)
    func `are the original's`(event: Event, name: String, payload: String, severity: Severity) {
        let text = EventText(event)
        #expect(text.name == name)
        #expect(text.payload == payload)
        #expect(event.severity == severity)
    }

    @Test func `are all in the table`() {
        let kinds = Set(Self.events.map { EventKind($0.0) })
        #expect(EventKind.allCases.filter { !kinds.contains($0) } == [])
        let steps = Set(Self.steps.map(\.0))
        #expect(Event.FailoverStep.allCases.filter { !steps.contains($0) } == [])
        #expect(Self.steps.count == steps.count)
        #expect(Set(Self.events.map { "\($0.1) \($0.2)" }).count == Self.events.count)
    }
}

/// An event without what it is about. Whoever adds one is led here by the compiler, and by this list to the table.
private enum EventKind: CaseIterable {
    case monitored, unmonitored, optionSet, masterReset
    case replicaFound, sentinelFound, sentinelMoved, sentinelMovedElsewhere, sentinelAddressTaken
    case sdown, sdownCleared, odown, odownCleared
    case epochRaised, voted, failover, masterSwitched, configUpdated
    case convertedToReplica, replicaConfigFixed, masterConfigFixed
    case expectedRoleReported, unexpectedRoleReported, rebooted
    case tiltEntered, tiltLeft, stateNotSaved, stateSavedAgain
    case commandLinkLost, helloLinkLost
    case scriptFailed, scriptTimedOut

    init(_ event: Event) {
        self =
            switch event {
            case .monitored: .monitored
            case .unmonitored: .unmonitored
            case .optionSet: .optionSet
            case .masterReset: .masterReset
            case .replicaFound: .replicaFound
            case .sentinelFound: .sentinelFound
            case .sentinelMoved: .sentinelMoved
            case .sentinelMovedElsewhere: .sentinelMovedElsewhere
            case .sentinelAddressTaken: .sentinelAddressTaken
            case .sdown: .sdown
            case .sdownCleared: .sdownCleared
            case .odown: .odown
            case .odownCleared: .odownCleared
            case .epochRaised: .epochRaised
            case .voted: .voted
            case .failover: .failover
            case .masterSwitched: .masterSwitched
            case .configUpdated: .configUpdated
            case .convertedToReplica: .convertedToReplica
            case .replicaConfigFixed: .replicaConfigFixed
            case .masterConfigFixed: .masterConfigFixed
            case .roleReported(_, _, let isExpected): isExpected ? .expectedRoleReported : .unexpectedRoleReported
            case .rebooted: .rebooted
            case .tiltEntered: .tiltEntered
            case .tiltLeft: .tiltLeft
            case .stateNotSaved: .stateNotSaved
            case .stateSavedAgain: .stateSavedAgain
            case .linkLost(_, .command, _): .commandLinkLost
            case .linkLost(_, .hello, _): .helloLinkLost
            case .scriptFailed: .scriptFailed
            case .scriptTimedOut: .scriptTimedOut
            }
    }
}
