// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore
import SentinelWire

/// The text of INFO.
///
/// The fields and their order are those of Redis 8, with ours behind them; what a sentinel can't have, such as keys, is
/// told as none.
///
/// - Source: spec/commands.md 5.1.
struct InfoText {
    /// The level of features we answer for, and our own version.
    static let redisVersion = "7.2.0"
    static let ownVersion = "0.1.0"

    /// What the shell knows.
    struct Facts {
        let runID: RunID
        let settings: ServerSettings
        /// As many as the system lets in.
        let maxClients: Int
        /// Who watches over the process.
        let supervisor: String
        let configurationFile: String
        let stateFile: String
        let uptimeSeconds: Int
        let traffic: Traffic
        let clients: Clients
        /// How often a waiting connection could not be taken in.
        let failedAccepts: Int
    }

    /// What the client port knows of its clients.
    struct Clients {
        var connected = 0
        var subscribed = 0
        /// With a request that waits for the end of a pause.
        var paused = 0
        var tracking = 0
        var trackedPrefixes = 0
        /// Bytes of the fullest buffers.
        var largestInput = 0
        var largestOutput = 0
        var channels = 0
        var patterns = 0
    }

    let text: String

    init(_ summary: Response.Summary, _ facts: Facts, sections wanted: [String]) {
        let everything = wanted.isEmpty || !Set(wanted).isDisjoint(with: ["all", "everything", "default"])
        let sections: [(String, [(String, String)])] = [
            ("Server", Self.server(facts)), ("Clients", Self.clients(facts)), ("Stats", InfoStatistics.fields(facts)),
            ("CPU", Self.cpu()), ("Sentinel", Self.sentinel(summary)), ("Internals", Self.internals(summary, facts)),
        ]
        text = sections.filter { everything || wanted.contains($0.0.lowercased()) }
            .map { name, lines in "# \(name)\r\n" + lines.map { "\($0):\($1)\r\n" }.joined() }
            .joined(separator: "\r\n")
    }

    private static func server(_ facts: Facts) -> [(String, String)] {
        let settings = facts.settings
        let now = LocalTime.microseconds
        #if os(Linux)
            let multiplexer = "epoll"
        #else
            let multiplexer = "kqueue"
        #endif
        return [
            ("redis_version", redisVersion), ("redis_git_sha1", "00000000"), ("redis_git_dirty", "0"),
            ("redis_build_id", "0"), ("redis_mode", "sentinel"), ("os", ProcessFacts.system),
            ("arch_bits", String(Int.bitWidth)), ("monotonic_clock", "POSIX clock_gettime"),
            ("multiplexing_api", multiplexer), ("atomicvar_api", "none"), ("gcc_version", "0.0.0"),
            ("process_id", "\(ProcessFacts.id)"),
            ("process_supervised", facts.supervisor),
            ("run_id", facts.runID.text), ("tcp_port", "\(settings.portForPeople)"), ("server_time_usec", "\(now)"),
            ("uptime_in_seconds", "\(facts.uptimeSeconds)"), ("uptime_in_days", "\(facts.uptimeSeconds / 86400)"),
            // There is no tick; the standard value is what a reader expects.
            ("hz", "10"), ("configured_hz", "10"), ("lru_clock", "\(now / 1_000_000 & 0xFF_FFFF)"),
            ("executable", ProcessFacts.executable), ("config_file", facts.configurationFile),
            ("io_threads_active", "0"),
        ] + listeners(settings) + [("swift_sentinel_version", ownVersion)]
    }

    /// A line for each kind of socket that is listened on.
    private static func listeners(_ settings: ServerSettings) -> [(String, String)] {
        let binds = settings.bindAddresses.map { ",bind=\($0.isOptional ? "-" : "")\($0.host)" }.joined()
        var listeners: [String] = []
        if settings.port != 0 { listeners.append("name=tcp\(binds),port=\(settings.port)") }
        if !settings.unixSocket.isEmpty { listeners.append("name=unix,bind=\(settings.unixSocket)") }
        if settings.tls.port != 0 { listeners.append("name=tls\(binds),port=\(settings.tls.port)") }
        return listeners.enumerated().map { ("listener\($0)", $1) }
    }

    private static func clients(_ facts: Facts) -> [(String, String)] {
        let clients = facts.clients
        return [
            ("connected_clients", "\(clients.connected)"), ("cluster_connections", "0"),
            ("maxclients", "\(facts.maxClients)"),
            ("client_recent_max_input_buffer", "\(clients.largestInput)"),
            ("client_recent_max_output_buffer", "\(clients.largestOutput)"), ("blocked_clients", "\(clients.paused)"),
            ("tracking_clients", "\(clients.tracking)"), ("pubsub_clients", "\(clients.subscribed)"),
            ("watching_clients", "0"), ("clients_in_timeout_table", "0"), ("total_watched_keys", "0"),
            ("total_blocking_keys", "0"), ("total_blocking_keys_on_nokey", "0"),
        ]
    }

    private static func cpu() -> [(String, String)] {
        let used = ProcessFacts.cpuSeconds
        let thread = ProcessFacts.threadCPUSeconds
        return [
            ("used_cpu_sys", used.system.text(decimals: 6)), ("used_cpu_user", used.user.text(decimals: 6)),
            ("used_cpu_sys_children", used.childrenSystem.text(decimals: 6)),
            ("used_cpu_user_children", used.childrenUser.text(decimals: 6)),
            ("used_cpu_sys_main_thread", thread.system.text(decimals: 6)),
            ("used_cpu_user_main_thread", thread.user.text(decimals: 6)),
        ]
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
            ("dropped_script_output", "\(ChildProcess.droppedOutputBytes)"),
            ("failed_accepts", "\(facts.failedAccepts)"),
            ("state_file", facts.stateFile), ("state_is_durable", summary.isPersistenceFailing ? "0" : "1"),
        ]
    }
}
