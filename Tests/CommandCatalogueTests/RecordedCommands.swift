// SPDX-License-Identifier: Apache-2.0

/// Facts of COMMAND INFO and DOCS of redis-sentinel 8.2.3: name, arity, flags, categories, tips, since and group.
enum RecordedCommands {
    static let text = """
        acl -2 |  | @slow |  | 6.0.0 server
        acl|cat -2 | noscript loading stale | @slow |  | 6.0.0 server
        acl|deluser -3 | admin noscript loading stale | @admin @slow @dangerous | request_policy:all_nodes response_policy:all_succeeded | 6.0.0 server
        acl|dryrun -4 | admin noscript loading stale | @admin @slow @dangerous |  | 7.0.0 server
        acl|genpass -2 | noscript loading stale | @slow |  | 6.0.0 server
        acl|getuser 3 | admin noscript loading stale | @admin @slow @dangerous |  | 6.0.0 server
        acl|help 2 | loading stale | @slow |  | 6.0.0 server
        acl|list 2 | admin noscript loading stale | @admin @slow @dangerous |  | 6.0.0 server
        acl|load 2 | admin noscript loading stale | @admin @slow @dangerous |  | 6.0.0 server
        acl|log -2 | admin noscript loading stale | @admin @slow @dangerous |  | 6.0.0 server
        acl|save 2 | admin noscript loading stale | @admin @slow @dangerous | request_policy:all_nodes response_policy:all_succeeded | 6.0.0 server
        acl|setuser -3 | admin noscript loading stale | @admin @slow @dangerous | request_policy:all_nodes response_policy:all_succeeded | 6.0.0 server
        acl|users 2 | admin noscript loading stale | @admin @slow @dangerous |  | 6.0.0 server
        acl|whoami 2 | noscript loading stale | @slow |  | 6.0.0 server
        auth -2 | noscript loading stale fast no_auth allow_busy | @fast @connection |  | 1.0.0 connection
        client -2 |  | @slow |  | 2.4.0 connection
        client|caching 3 | noscript loading stale | @slow @connection |  | 6.0.0 connection
        client|getname 2 | noscript loading stale | @slow @connection |  | 2.6.9 connection
        client|getredir 2 | noscript loading stale | @slow @connection |  | 6.0.0 connection
        client|help 2 | loading stale | @slow @connection |  | 5.0.0 connection
        client|id 2 | noscript loading stale | @slow @connection |  | 5.0.0 connection
        client|info 2 | noscript loading stale | @slow @connection | nondeterministic_output | 6.2.0 connection
        client|kill -3 | admin noscript loading stale | @admin @slow @dangerous @connection |  | 2.4.0 connection
        client|list -2 | admin noscript loading stale | @admin @slow @dangerous @connection | nondeterministic_output | 2.4.0 connection
        client|no-evict 3 | admin noscript loading stale | @admin @slow @dangerous @connection |  | 7.0.0 connection
        client|pause -3 | admin noscript loading stale | @admin @slow @dangerous @connection |  | 3.0.0 connection
        client|reply 3 | noscript loading stale | @slow @connection |  | 3.2.0 connection
        client|setinfo 4 | noscript loading stale | @slow @connection | request_policy:all_nodes response_policy:all_succeeded | 7.2.0 connection
        client|setname 3 | noscript loading stale | @slow @connection | request_policy:all_nodes response_policy:all_succeeded | 2.6.9 connection
        client|tracking -3 | noscript loading stale | @slow @connection |  | 6.0.0 connection
        client|trackinginfo 2 | noscript loading stale | @slow @connection |  | 6.2.0 connection
        client|unblock -3 | admin noscript loading stale | @admin @slow @dangerous @connection |  | 5.0.0 connection
        client|unpause 2 | admin noscript loading stale | @admin @slow @dangerous @connection |  | 6.2.0 connection
        command -1 | loading stale | @slow @connection | nondeterministic_output_order | 2.8.13 server
        command|count 2 | loading stale | @slow @connection |  | 2.8.13 server
        command|docs -2 | loading stale | @slow @connection | nondeterministic_output_order | 7.0.0 server
        command|getkeys -3 | loading stale | @slow @connection |  | 2.8.13 server
        command|getkeysandflags -3 | loading stale | @slow @connection |  | 7.0.0 server
        command|help 2 | loading stale | @slow @connection |  | 5.0.0 server
        command|info -2 | loading stale | @slow @connection | nondeterministic_output_order | 2.8.13 server
        command|list -2 | loading stale | @slow @connection | nondeterministic_output_order | 7.0.0 server
        hello -1 | noscript loading stale fast no_auth allow_busy | @fast @connection |  | 6.0.0 connection
        info -1 | loading stale | @slow @dangerous | nondeterministic_output request_policy:all_shards response_policy:special | 1.0.0 server
        ping -1 | fast | @fast @connection | request_policy:all_shards response_policy:all_succeeded | 1.0.0 connection
        psubscribe -2 | pubsub noscript loading stale | @pubsub @slow |  | 2.0.0 pubsub
        publish 3 | pubsub loading stale fast | @pubsub @fast |  | 2.0.0 pubsub
        punsubscribe -1 | pubsub noscript loading stale | @pubsub @slow |  | 2.0.0 pubsub
        role 1 | noscript loading stale fast | @admin @fast @dangerous |  | 2.8.12 server
        sentinel -2 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|ckquorum 3 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|config -4 | admin | @admin @slow @dangerous |  | 6.2.0 sentinel
        sentinel|debug -2 | admin | @admin @slow @dangerous |  | 7.0.0 sentinel
        sentinel|failover 3 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|flushconfig 2 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|get-master-addr-by-name 3 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|help 2 | loading stale | @slow |  | 6.2.0 sentinel
        sentinel|info-cache -3 | admin | @admin @slow @dangerous |  | 3.2.0 sentinel
        sentinel|is-master-down-by-addr 6 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|master 3 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|masters 2 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|monitor 6 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|myid 2 | admin | @admin @slow @dangerous |  | 6.2.0 sentinel
        sentinel|pending-scripts 2 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|remove 3 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|replicas 3 | admin | @admin @slow @dangerous |  | 5.0.0 sentinel
        sentinel|reset 3 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|sentinels 3 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|set -5 | admin | @admin @slow @dangerous |  | 2.8.4 sentinel
        sentinel|simulate-failure -3 | admin | @admin @slow @dangerous |  | 3.2.0 sentinel
        sentinel|slaves 3 | admin | @admin @slow @dangerous |  | 2.8.0 sentinel
        shutdown -1 | admin noscript loading stale no_multi allow_busy | @admin @slow @dangerous |  | 1.0.0 server
        subscribe -2 | pubsub noscript loading stale | @pubsub @slow |  | 2.0.0 pubsub
        unsubscribe -1 | pubsub noscript loading stale | @pubsub @slow |  | 2.0.0 pubsub
        """
}
