// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// The section Stats of INFO.
///
/// - Source: spec/commands.md 5.1.
enum InfoStatistics {
    static func fields(_ facts: InfoText.Facts) -> [(String, String)] {
        let now = MonotonicClock.now
        let traffic = facts.traffic
        let clients = facts.clients
        func kilobytes(_ rate: Rate) -> String { (Double(rate.perSecond(at: now)) / 1024).text(decimals: 2) }
        return [
            ("total_connections_received", "\(traffic.connections)"),
            ("total_commands_processed", "\(traffic.commands.total)"),
            ("instantaneous_ops_per_sec", "\(traffic.commands.perSecond(at: now))"),
            ("total_net_input_bytes", "\(traffic.inputBytes.total)"),
            ("total_net_output_bytes", "\(traffic.outputBytes.total)"),
        ]
            + none("total_net_repl_input_bytes", "total_net_repl_output_bytes")
            + [
                ("instantaneous_input_kbps", kilobytes(traffic.inputBytes)),
                ("instantaneous_output_kbps", kilobytes(traffic.outputBytes)),
                ("instantaneous_input_repl_kbps", "0.00"), ("instantaneous_output_repl_kbps", "0.00"),
                ("rejected_connections", "\(traffic.rejected)"),
            ]
            + none("sync_full", "sync_partial_ok", "sync_partial_err", "expired_subkeys", "expired_keys")
            + [("expired_stale_perc", "0.00")]
            + none(
                "expired_time_cap_reached_count", "expire_cycle_cpu_milliseconds", "evicted_keys", "evicted_clients",
                "evicted_scripts", "total_eviction_exceeded_time", "current_eviction_exceeded_time", "keyspace_hits",
                "keyspace_misses")
            + [("pubsub_channels", "\(clients.channels)"), ("pubsub_patterns", "\(clients.patterns)")]
            + none(
                "pubsubshard_channels", "latest_fork_usec", "total_forks", "migrate_cached_sockets",
                "slave_expires_tracked_keys", "active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits",
                "active_defrag_key_misses", "total_active_defrag_time", "current_active_defrag_time",
                "tracking_total_keys", "tracking_total_items")
            + [("tracking_total_prefixes", "\(clients.trackedPrefixes)")]
            + none("unexpected_error_replies")
            + [("total_error_replies", "\(traffic.errors)")]
            + none("dump_payload_sanitizations")
            + [("total_reads_processed", "\(traffic.reads)"), ("total_writes_processed", "\(traffic.writes)")]
            + none("io_threaded_reads_processed", "io_threaded_writes_processed")
            + [
                ("client_query_buffer_limit_disconnections", "\(traffic.inputLimitDisconnections)"),
                ("client_output_buffer_limit_disconnections", "\(traffic.outputLimitDisconnections)"),
            ]
            + none(
                "reply_buffer_shrinks", "reply_buffer_expands", "eventloop_cycles", "eventloop_duration_sum",
                "eventloop_duration_cmd_sum", "instantaneous_eventloop_cycles_per_sec",
                "instantaneous_eventloop_duration_usec")
            + [
                ("acl_access_denied_auth", "\(traffic.deniedLogins)"),
                ("acl_access_denied_cmd", "\(traffic.deniedCommands)"), ("acl_access_denied_key", "0"),
                ("acl_access_denied_channel", "\(traffic.deniedChannels)"),
            ]
    }

    /// What there is none of here.
    private static func none(_ names: String...) -> [(String, String)] { names.map { ($0, "0") } }
}

extension Double {
    /// With so many decimals, rounded.
    func text(decimals: Int) -> String {
        let unit = (0..<decimals).reduce(1) { unit, _ in unit * 10 }
        let scaled = Int(exactly: (self * Double(unit)).rounded()) ?? 0
        let fraction = String(scaled % unit)
        return "\(scaled / unit)." + String(repeating: "0", count: decimals - fraction.utf8.count) + fraction
    }
}
