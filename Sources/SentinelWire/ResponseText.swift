// SPDX-License-Identifier: Apache-2.0

package import RESP
package import SentinelCore

extension Encoder {
    /// Appends the reply that a client gets.
    ///
    /// - Source: spec/commands.md 3, 6.
    package mutating func append(_ response: Response) {
        switch response {
        case .ok: simple("OK")
        case .instances(let instances):
            arrayHeader(instances.count)
            for instance in instances { InstanceFields(instance).encode(into: &self) }
        case .instance(let instance): InstanceFields(instance).encode(into: &self)
        case .address(nil): nullArray()
        case .address(let endpoint?):
            arrayHeader(2)
            bulk(endpoint.host)
            bulk(Int(endpoint.port))
        case .opinion(let isDown, let leader, let epoch):
            arrayHeader(3)
            integer(isDown ? 1 : 0)
            bulk(leader?.text ?? "*")
            integer(Int(clamping: epoch.number))
        case .id(let runID): bulk(runID.text)
        case .quorum(let report): append(report)
        case .count(let count): integer(count)
        case .summary(let summary): bulk(summary.masters.count.description)
        case .infoCache(let infos): append(infos)
        case .timing(let timing):
            let values = TimingName.allCases
            mapHeader(values.count)
            for name in values {
                bulk(name.rawValue.uppercased())
                bulk(String(timing[keyPath: name.path].wholeMilliseconds))
            }
        case .pendingScripts(let scripts):
            arrayHeader(scripts.count)
            for script in scripts { append(script) }
        case .configuration(let options, let patterns): append(options, patterns)
        case .failureKinds:
            // The words that stand for them.
            arrayHeader(2)
            bulk("crash-after-election")
            bulk("crash-after-promotion")
        case .failed(let failure): error(failure.text)
        }
    }

    /// Patterns are taken one after the other; each option is told once.
    private mutating func append(_ options: [SentinelOption], _ patterns: [[UInt8]]) {
        var told: [SentinelOption] = []
        for pattern in patterns {
            for option in options
            where Glob.matches(pattern: pattern, text: Array(option.name.utf8), ignoringCase: true)
                && !told.contains(option)
            {
                told.append(option)
            }
        }
        mapHeader(told.count)
        for option in told {
            bulk(option.name)
            bulk(option.shown)
        }
    }

    /// - Source: spec/commands.md 6.13.
    private mutating func append(_ script: Response.PendingScript) {
        mapHeader(5)
        bulk("argv")
        let words = [script.path] + script.call.arguments
        arrayHeader(words.count)
        for word in words { bulk(word) }
        let fields: [(String, String)] =
            switch script.state {
            case .running(let processID, let duration):
                [("flags", "running"), ("pid", "\(processID)"), ("run-time", "\(duration.wholeMilliseconds)")]
            case .scheduled(let pause):
                [("flags", "scheduled"), ("pid", "0"), ("run-delay", "\(pause.wholeMilliseconds)")]
            }
        for (name, value) in fields + [("retry-num", "\(script.starts)")] {
            bulk(name)
            bulk(value)
        }
    }

    private mutating func append(_ report: Response.QuorumReport) {
        guard !report.reachesQuorum || !report.reachesMajority else {
            return simple("OK \(report.usable) usable Sentinels. Quorum and failover authorization can be reached")
        }
        var reasons: [String] = []
        if !report.reachesQuorum {
            reasons.append("Not enough available Sentinels to reach the specified quorum for this master")
        }
        if !report.reachesMajority {
            reasons.append("Not enough available Sentinels to reach the majority and authorize a failover")
        }
        error("NOQUORUM \(report.usable) usable Sentinels. \(reasons.joined(separator: ". "))")
    }

    private mutating func append(_ infos: [Response.CachedInfo]) {
        arrayHeader(infos.count * 2)
        for info in infos {
            bulk(info.name.text)
            arrayHeader(info.entries.count)
            for entry in info.entries {
                arrayHeader(2)
                integer(Int(clamping: entry.age.wholeMilliseconds))
                if let text = entry.text { bulk(text) } else { null() }
            }
        }
    }
}

extension Response.Failure {
    var text: String {
        switch self {
        case .unknownMaster: "ERR No such master with that name"
        case .duplicateMaster: "ERR Duplicate master name."
        case .invalidPort: "ERR Invalid port number."
        case .unresolvableHost: "ERR Invalid IP address or hostname specified"
        case .nameInUse(let name):
            "ERR Can't do without resolve-hostnames: no address of '\(name)' is known"
        case .inProgress: "INPROG Failover already in progress"
        case .noGoodReplica: "NOGOODSLAVE No suitable replica to promote"
        case .notSaved: "ERR Failed to save config file. Check server logs."
        }
    }
}

/// The periods that SENTINEL DEBUG shows and sets, in its order.
///
/// - Source: spec/commands.md 6.16.
enum TimingName: String, CaseIterable {
    case infoPeriod = "info-period"
    case pingPeriod = "ping-period"
    case askPeriod = "ask-period"
    case publishPeriod = "publish-period"
    case defaultDownAfter = "default-down-after"
    case defaultFailoverTimeout = "default-failover-timeout"
    case tiltTrigger = "tilt-trigger"
    case tiltPeriod = "tilt-period"
    case replicaReconfTimeout = "slave-reconf-timeout"
    case minLinkReconnectPeriod = "min-link-reconnect-period"
    case electionTimeout = "election-timeout"
    case scriptMaxRuntime = "script-max-runtime"
    case scriptRetryDelay = "script-retry-delay"

    var path: any WritableKeyPath<Timing, Duration> & Sendable {
        switch self {
        case .infoPeriod: \.infoPeriod
        case .pingPeriod: \.pingPeriod
        case .askPeriod: \.askPeriod
        case .publishPeriod: \.publishPeriod
        case .defaultDownAfter: \.defaultDownAfter
        case .defaultFailoverTimeout: \.defaultFailoverTimeout
        case .tiltTrigger: \.tiltTrigger
        case .tiltPeriod: \.tiltPeriod
        case .replicaReconfTimeout: \.replicaReconfTimeout
        case .minLinkReconnectPeriod: \.minLinkReconnectPeriod
        case .electionTimeout: \.electionTimeout
        case .scriptMaxRuntime: \.scriptMaxRuntime
        case .scriptRetryDelay: \.scriptRetryDelay
        }
    }
}
