// SPDX-License-Identifier: Apache-2.0

extension DirectiveTable {
    /// Directives that came after 7.0, in Redis or in Valkey, and mean nothing to a sentinel: one file may serve all
    /// versions, so they are left alone whatever they say.
    static let later: [Directive] =
        [
            "cluster-announce-human-nodename", "cluster-blacklist-ttl",
            "cluster-manual-failover-timeout", "cluster-ping-interval", "cluster-slot-stats-enabled",
            "commandlog-execution-slower-than", "commandlog-large-reply-max-len", "commandlog-large-request-max-len",
            "commandlog-reply-larger-than", "commandlog-request-larger-than", "commandlog-slow-execution-max-len",
            "dual-channel-replication-enabled", "events-per-io-thread", "import-mode", "io-threads-always-active",
            "lazyexpire-nested-arbitrary-keys", "max-new-connections-per-cycle", "max-new-tls-connections-per-cycle",
            "prefetch-batch-max-size", "rdb-version-check", "repl-diskless-sync-period",
            "replica-full-sync-buffer-limit",
            "set-max-listpack-entries", "set-max-listpack-value", "tls-auth-clients-user", "unixsocketgroup",
        ].map {
            Directive(
                name: $0, aliases: [], arguments: 1...Int.max, initial: "", scope: .server, secretAfter: nil,
                summary: "Of later versions; a sentinel does not use it.", action: .kept(.anything))
        }
}
