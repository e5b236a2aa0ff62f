// SPDX-License-Identifier: Apache-2.0

internal import RESP
internal import SentinelCore

/// The names and values of an instance, in the order that clients rely on.
///
/// - Source: spec/commands.md 7.
struct InstanceFields {
    private var content = Encoder()
    private var count = 0

    init(_ instance: InstanceDescription) {
        add("name", instance.name)
        add("ip", instance.address.host)
        add("port", instance.address.port)
        add("runid", instance.runID)
        add("flags", instance.flags.map(\.word).joined(separator: ","))
        add("link-pending-commands", instance.pendingRequests)
        add("link-refcount", instance.linkUsers)
        if let stage = instance.failoverStage { add("failover-state", stage.word) }
        add("last-ping-sent", instance.pingUnansweredFor)
        add("last-ok-ping-reply", instance.availableAgo)
        add("last-ping-reply", instance.answeredAgo)
        if let sdownFor = instance.sdownFor { add("s-down-time", sdownFor) }
        if let odownFor = instance.odownFor { add("o-down-time", odownFor) }
        add("down-after-milliseconds", instance.downAfter)
        switch instance.details {
        case .master(let details): add(details)
        case .replica(let details): add(details)
        case .peer(let details):
            add("last-hello-message", details.helloHeardAgo)
            add("voted-leader", details.vote?.candidate.text ?? "?")
            add("voted-leader-epoch", details.vote?.epoch.number ?? 0)
        }
    }

    private mutating func add(_ info: InstanceDescription.Info) {
        add("info-refresh", info.age ?? .zero)
        add("role-reported", info.role == .master ? "master" : "slave")
        add("role-reported-time", info.roleReportedFor)
    }

    private mutating func add(_ details: InstanceDescription.MasterDetails) {
        add(details.info)
        add("config-epoch", details.configEpoch.number)
        add("num-slaves", details.replicas)
        add("num-other-sentinels", details.otherSentinels)
        add("quorum", details.quorum)
        add("failover-timeout", details.failoverTimeout)
        add("parallel-syncs", details.parallelSyncs)
        if let script = details.notificationScript { add("notification-script", script) }
        if let script = details.clientReconfigScript { add("client-reconfig-script", script) }
    }

    private mutating func add(_ details: InstanceDescription.ReplicaDetails) {
        add(details.info)
        add("master-link-down-time", details.masterLinkDownFor)
        add("master-link-status", details.isMasterLinkUp ? "ok" : "err")
        add("master-host", details.masterHost ?? "?")
        add("master-port", details.masterPort)
        add("slave-priority", details.priority)
        add("slave-repl-offset", details.offset)
        add("replica-announced", details.isAnnounced ? 1 : 0)
    }

    private mutating func add(_ name: String, _ value: String) {
        count += 1
        content.bulk(name)
        content.bulk(value)
    }

    private mutating func add(_ name: String, _ value: some BinaryInteger) {
        count += 1
        content.bulk(name)
        content.bulk(Int(clamping: value))
    }

    private mutating func add(_ name: String, _ value: Duration) { add(name, value.wholeMilliseconds) }

    func encode(into encoder: inout Encoder) {
        encoder.mapHeader(count)
        encoder.encoded(content.bytes)
    }
}

extension InstanceDescription.Flag {
    fileprivate var word: String {
        switch self {
        case .sdown: "s_down"
        case .odown: "o_down"
        case .master: "master"
        case .replica: "slave"
        case .sentinel: "sentinel"
        case .disconnected: "disconnected"
        case .masterDown: "master_down"
        case .failoverInProgress: "failover_in_progress"
        case .promoted: "promoted"
        case .reconfSent: "reconf_sent"
        case .reconfInProgress: "reconf_inprog"
        case .reconfDone: "reconf_done"
        case .forcedFailover: "force_failover"
        case .scriptKillSent: "script_kill_sent"
        case .masterReboot: "master_reboot"
        }
    }
}

extension FailoverStage {
    fileprivate var word: String {
        switch self {
        case .waitStart: "wait_start"
        case .selectReplica: "select_slave"
        case .sendPromotion: "send_slaveof_noone"
        case .waitPromotion: "wait_promotion"
        case .reconfReplicas: "reconf_slaves"
        }
    }
}
