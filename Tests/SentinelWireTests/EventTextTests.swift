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

    static let events: [(Event, String, String, Severity)] = [
        (.monitored(label(.master), quorum: 2), "+monitor", "\(master) quorum 2", .warning),
        (.unmonitored(label(.master)), "-monitor", master, .warning),
        (.optionSet(label(.master), option: "quorum", value: "3"), "+set", "\(master) quorum 3", .warning),
        (.masterReset(label(.master)), "+reset-master", master, .warning),
        (.replicaFound(label(.replica)), "+slave", replica, .notice),
        (.sentinelFound(label(.sentinel)), "+sentinel", sentinel, .notice),
        (
            .sentinelMoved(master: label(.master), runID, to: Endpoint(host: "10.0.0.9", port: 1)),
            "+sentinel-address-switch", "\(master) ip 10.0.0.9 port 1 for \(runID)", .notice
        ),
        (.sdown(label(.sentinel)), "+sdown", sentinel, .warning),
        (.sdownCleared(label(.replica)), "-sdown", replica, .warning),
        (.odown(label(.master), reports: 2, quorum: 2), "+odown", "\(master) #quorum 2/2", .warning),
        (.epochRaised(epoch, name), "+new-epoch", "7", .warning),
        (.voted(Vote(candidate: runID, epoch: epoch), name), "+vote-for-leader", "\(runID) 7", .warning),
        (.failover(.tried, label(.master)), "+try-failover", master, .warning),
        (.masterConfigFixed(label(.master)), "+fix-master-config", master, .notice),
        (.stateNotSaved, "+state-not-saved", "#no vote is given until the state is on disk again", .warning),
        (.stateSavedAgain, "-state-not-saved", "#the state is on disk again", .warning),
        (.failover(.sendingPromotion, label(.replica)), "+failover-state-send-slaveof-noone", replica, .notice),
        (.failover(.reconfSent, label(.replica)), "+slave-reconf-sent", replica, .notice),
        (
            .masterSwitched(name, from: masterAddress, to: Endpoint(host: "10.0.0.2", port: 6380)), "+switch-master",
            "mymaster 10.0.0.1 6379 10.0.0.2 6380", .warning
        ),
        (.configUpdated(from: label(.sentinel)), "+config-update-from", sentinel, .warning),
        (
            .roleReported(label(.replica), .master, isExpected: false), "-role-change",
            "\(replica) new reported role is master", .verbose
        ),
        (.tiltEntered, "+tilt", "#tilt mode entered", .warning),
    ]

    @Test(arguments: events)
    func `are the original's`(event: Event, name: String, payload: String, severity: Severity) {
        let text = EventText(event)
        #expect(text.name == name)
        #expect(text.payload == payload)
        #expect(event.severity == severity)
    }
}
