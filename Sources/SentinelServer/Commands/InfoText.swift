// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelCore
import SentinelWire

/// The text of INFO.
///
/// - Source: spec/commands.md 5.1.
struct InfoText {
    /// The level of features we answer for, and our own version.
    static let redisVersion = "7.2.0"
    static let ownVersion = "0.1.0"

    /// What the shell knows.
    struct Facts {
        let runID: RunID
        /// Who watches over the process.
        let supervisor: String
        let port: Int
        let configurationFile: String
        let stateFile: String
        let uptimeSeconds: Int
        let maxClients: Int
        let clients: Int
        let subscribers: Int
        let counters: ClientPort.Counters
        let pubsubChannels: Int
        let pubsubPatterns: Int
    }

    let text: String

    init(_ summary: Response.Summary, _ facts: Facts, sections wanted: [String]) {
        let everything = wanted.isEmpty || !Set(wanted).isDisjoint(with: ["all", "everything", "default"])
        let sections: [(String, [(String, String)])] = [
            ("Server", Self.server(facts)), ("Clients", Self.clients(facts)), ("Stats", Self.stats(facts)),
            ("CPU", Self.cpu()), ("Sentinel", Self.sentinel(summary)), ("Internals", Self.internals(summary, facts)),
        ]
        text = sections.filter { everything || wanted.contains($0.0.lowercased()) }
            .map { name, lines in "# \(name)\r\n" + lines.map { "\($0):\($1)\r\n" }.joined() }
            .joined(separator: "\r\n")
    }

    private static func server(_ facts: Facts) -> [(String, String)] {
        [
            ("redis_version", redisVersion), ("swift_sentinel_version", ownVersion), ("redis_mode", "sentinel"),
            ("os", ProcessFacts.system), ("arch_bits", String(Int.bitWidth)), ("process_id", "\(ProcessFacts.id)"),
            ("process_supervised", facts.supervisor), ("run_id", facts.runID.text), ("tcp_port", "\(facts.port)"),
            ("server_time_usec", "\(LocalTime.microseconds)"), ("uptime_in_seconds", "\(facts.uptimeSeconds)"),
            ("uptime_in_days", "\(facts.uptimeSeconds / 86400)"), ("executable", ProcessFacts.executable),
            ("config_file", facts.configurationFile),
        ]
    }

    private static func clients(_ facts: Facts) -> [(String, String)] {
        [
            ("connected_clients", "\(facts.clients)"), ("maxclients", "\(facts.maxClients)"),
            ("pubsub_clients", "\(facts.subscribers)"),
        ]
    }

    private static func stats(_ facts: Facts) -> [(String, String)] {
        [
            ("total_connections_received", "\(facts.counters.connections)"),
            ("total_commands_processed", "\(facts.counters.commands)"),
            ("rejected_connections", "\(facts.counters.rejected)"), ("pubsub_channels", "\(facts.pubsubChannels)"),
            ("pubsub_patterns", "\(facts.pubsubPatterns)"), ("total_error_replies", "\(facts.counters.errors)"),
            ("client_query_buffer_limit_disconnections", "\(facts.counters.queryLimitDisconnections)"),
            ("client_output_buffer_limit_disconnections", "\(facts.counters.outputLimitDisconnections)"),
        ]
    }

    private static func cpu() -> [(String, String)] {
        let used = ProcessFacts.cpuSeconds
        return [
            ("used_cpu_sys", seconds(used.system)), ("used_cpu_user", seconds(used.user)),
            ("used_cpu_sys_children", seconds(used.childrenSystem)),
            ("used_cpu_user_children", seconds(used.childrenUser)),
        ]
    }

    /// With six decimals.
    private static func seconds(_ value: Double) -> String {
        let micros = Int((value * 1_000_000).rounded())
        let fraction = String(micros % 1_000_000)
        return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
    }

    private static func sentinel(_ summary: Response.Summary) -> [(String, String)] {
        let failures = summary.simulatedFailures.reduce(0) { $0 | $1.rawValue }
        var lines = [
            ("sentinel_masters", "\(summary.masters.count)"), ("sentinel_tilt", summary.tiltFor == nil ? "0" : "1"),
            ("sentinel_tilt_since_seconds", summary.tiltFor.map { "\($0.components.seconds)" } ?? "-1"),
            ("sentinel_running_scripts", "\(summary.runningScripts)"),
            ("sentinel_scripts_queue_length", "\(summary.queuedScripts)"),
            ("sentinel_simulate_failure_flags", "\(failures)"),
        ]
        for (index, master) in summary.masters.enumerated() {
            let status = master.isOdown ? "odown" : master.isSdown ? "sdown" : "ok"
            lines.append(
                (
                    "master\(index)",
                    "name=\(master.name),status=\(status),address=\(master.address.host):\(master.address.port),"
                        + "slaves=\(master.replicas),sentinels=\(master.sentinels)"
                ))
        }
        return lines
    }

    /// What the original does not tell: what was ignored, dropped or not saved.
    private static func internals(_ summary: Response.Summary, _ facts: Facts) -> [(String, String)] {
        let counters = summary.counters
        return [
            ("ignored_hellos_malformed", "\(counters.malformedHellos)"),
            ("ignored_hellos_foreign", "\(counters.foreignHellos)"),
            ("ignored_hellos_rejected", "\(counters.rejectedHellos)"),
            ("ignored_hellos_impostor", "\(counters.impostorHellos)"),
            ("ignored_replies_malformed", "\(counters.malformedReplies)"),
            ("failed_saves", "\(counters.failedSaves)"), ("dropped_scripts", "\(counters.droppedScripts)"),
            ("state_file", facts.stateFile), ("state_is_durable", summary.isPersistenceFailing ? "0" : "1"),
        ]
    }
}
