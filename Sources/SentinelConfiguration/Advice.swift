// SPDX-License-Identifier: Apache-2.0

package import SentinelCore

/// What can be read and obeyed but is unwise; `--check-config` says it.
package enum Advice: Sendable, Equatable {
    case nothingMonitored
    /// Nobody else is known to watch the master.
    case alone(MasterName, quorum: Int)
    case quorumTooLarge(MasterName, quorum: Int, sentinels: Int)
    case evenNumber(MasterName, sentinels: Int)
    /// A name is told to clients and sentinels although this sentinel takes none itself.
    case announcedName(String)
    case namesAnnouncedButNotResolved
    case plainLinksBesideTLS(port: Int)
    case scriptIsNoProgram(MasterName, path: String)

    package var text: String {
        switch self {
        case .nothingMonitored: "No master is monitored; a `sentinel monitor` line names one."
        case .alone(let name, let quorum):
            "'\(name)': no other sentinel is known. One alone is a single point of failure"
                + (quorum > 1 ? ", and with quorum \(quorum) it never agrees that the master is down." : ".")
        case .quorumTooLarge(let name, let quorum, let sentinels):
            "'\(name)': the quorum is \(quorum), but only \(sentinels) sentinels are known, this one included: the master "
                + "will never be down."
        case .evenNumber(let name, let sentinels):
            "'\(name)': \(sentinels) sentinels are known. One more or one less bears the loss of as many and can't be cut "
                + "into equal halves."
        case .announcedName(let host):
            "announce-ip is the name '\(host)', but resolve-hostnames is no: this sentinel can't use names it is told."
        case .namesAnnouncedButNotResolved:
            "announce-hostnames is yes, but resolve-hostnames is no: names are told that this sentinel itself does not take."
        case .plainLinksBesideTLS(let port):
            "tls-port is \(port), but tls-replication is no: links to data nodes and other sentinels are not encrypted."
        case .scriptIsNoProgram(let name, let path): "'\(name)': the script '\(path)' is not a file that can be run."
        }
    }
}

extension Configuration {
    /// What an operator should think about once more before this configuration is used.
    package func advice(environment: some ConfigurationEnvironment) -> [Advice] {
        var advice: [Advice] = sentinel.masters.isEmpty ? [.nothingMonitored] : []
        for master in sentinel.masters {
            let sentinels = 1 + master.knownSentinels.count
            if sentinels == 1 {
                advice.append(.alone(master.name, quorum: master.quorum))
            } else {
                if master.quorum > sentinels {
                    advice.append(.quorumTooLarge(master.name, quorum: master.quorum, sentinels: sentinels))
                }
                if sentinels.isMultiple(of: 2) { advice.append(.evenNumber(master.name, sentinels: sentinels)) }
            }
            for script in [master.notificationScript, master.clientReconfigScript].compactMap({ $0 })
            where !environment.isProgram(script) {
                advice.append(.scriptIsNoProgram(master.name, path: script))
            }
        }
        if !sentinel.resolvesHostnames {
            if let host = sentinel.announceHost, !environment.isNumericAddress(host) {
                advice.append(.announcedName(host))
            }
            if sentinel.announcesHostnames { advice.append(.namesAnnouncedButNotResolved) }
        }
        if server.tls.port != 0, !server.tls.isUsedForLinks {
            advice.append(.plainLinksBesideTLS(port: server.tls.port))
        }
        return advice
    }
}
