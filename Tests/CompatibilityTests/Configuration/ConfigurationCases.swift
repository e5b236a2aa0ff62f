// SPDX-License-Identifier: Apache-2.0

import Foundation
import SentinelConfiguration

extension ConfigurationCase {
    static let all =
        grammar + brokenGrammar + sentinelLines + brokenSentinelLines + general + brokenGeneral + ordinary
        + brokenOrdinary + includes + commandLines + damaged + inUse

    private static let id = String(repeating: "0a", count: 20)
    private static let otherID = String(repeating: "b1", count: 20)
    private static let monitor = "sentinel monitor m 127.0.0.1 6379 2\n"

    // MARK: How lines are written

    private static let grammar: [ConfigurationCase] = [
        .init("nothing at all", ""),
        .init("comments and empty lines", "# one\n\n   # two\n\t\n#three\n" + monitor),
        .init(
            "upper case",
            "LOGLEVEL DEBUG\nSENTINEL MONITOR m 127.0.0.1 6379 2\nSentinel Down-After-Milliseconds m 700\n"),
        .init("spaces and tabs around", "   timeout \t 7  \t\n\tsentinel\tmonitor  m 127.0.0.1\t6379 2   \n"),
        .init("lines of Windows", "timeout 7\r\nsentinel monitor m 127.0.0.1 6379 2\r\n"),
        .init("vertical tab and form feed", "timeout\u{B}7\ntcp-keepalive\u{C}100\n"),
        .init("double quotes", "timeout \"7\"\nsentinel monitor \"m\" \"127.0.0.1\" \"6379\" \"2\"\n"),
        .init("single quotes", "timeout '7'\nsentinel monitor 'm' '127.0.0.1' '6379' '2'\n"),
        .init("a quoted name of a directive", "\"timeout\" 7\n'sentinel' \"monitor\" m 127.0.0.1 6379 2\n"),
        .init("quotes that open inside a word", "time\"out\" 7\npidfile $DIR/a'b'\n"),
        .init("escapes in double quotes", #"syslog-ident "a\"b\\c\x41\q""# + "\n"),
        .init("an escaped single quote", "syslog-ident 'it\\'s'\n"),
        .init("escapes mean nothing in single quotes", #"syslog-ident 'a\nb\x41'"# + "\n"),
        .init("half a hex escape", #"syslog-ident "\x4z\xg1""# + "\n"),
        .init("backslashes without quotes", #"syslog-ident a\nb\"# + "\n"),
        .init("bytes that are not ASCII", "syslog-ident sentinél\n"),
        .init("an empty value", "syslog-ident \"\"\n"),
        .init("the last line counts", "timeout 1\ntimeout 2\nTIMEOUT 3\n"),
        .init("no line feed at the end", "port $PORT\n" + "timeout 9", isComplete: true),
        .init("a # inside a word", "syslog-ident a#b\n"),
        .init("sizes", "client-query-buffer-limit 2mb\nproto-max-bulk-len 3000K\n"),
        .init("a number in quotes with spaces inside", "save \"900 1\"\n"),
        .init("the word sentinel alone", "sentinel\n"),
        .init(
            "a directive for a module", "foo.bar 1\n",
            difference: .init("lines that mean nothing to a sentinel", ours: .runs("foo.bar 1"))),
        .init("a comment sign in front without a space", "#timeout 5\n##\n"),
        .init("many empty lines", "\n\n\n\ntimeout 5\n\n\n\n" + monitor),
    ]

    private static let brokenGrammar: [ConfigurationCase] = [
        .init("a double quote that stays open", "timeout 1\npidfile \"/tmp/x\n"),
        .init("a single quote that stays open", "pidfile '/tmp/x\n"),
        .init("something right behind a closing quote", "pidfile \"a\"b\n"),
        .init("something right behind a closing single quote", "pidfile 'a'b\n"),
        .init("an escape at the very end", "pidfile \"a\\\n"),
        .init("quotes behind a word", "timeout 5\"\n"),
        .init("a comment behind a value", "# first\ntimeout 5 # seconds\n"),
        .init("an unknown directive", "\n\nfrobnicate yes\n"),
        .init("an unknown directive in quotes", "\"no such\" yes\n"),
        .init("a directive without a value", "timeout\n"),
        .init("a directive with a value too many", "timeout 5 6\n"),
        .init("only the first error counts", "timeout x\nport y\n"),
        .init("an error behind sentinel lines", monitor + "sentinel bogus m\ntimeout x\n"),
        .init("an equals sign", "timeout = 5\n"),
        .init("a colon", "timeout: 5\n"),
        .init("yaml", "sentinel:\n  monitor: m\n"),
        .init("an unknown dotted name without value", "foo.bar\n"),
    ]

    // MARK: What sentinel lines say

    private static let sentinelLines: [ConfigurationCase] = [
        .init("monitor", monitor),
        .init("monitor an IPv6 address", "sentinel monitor m ::1 6379 1\n"),
        .init("monitor with port 0", "sentinel monitor m 127.0.0.1 0 1\n"),
        .init("two masters", monitor + "sentinel monitor n 127.0.0.1 6380 1\nsentinel parallel-syncs n 3\n"),
        .init(
            "monitor behind what refers to it",
            "sentinel down-after-milliseconds m 900\nsentinel auth-pass m x\n" + monitor),
        .init("a great quorum", "sentinel monitor m 127.0.0.1 6379 99999\n"),
        .init("times", monitor + "sentinel down-after-milliseconds m 1\nsentinel failover-timeout m 2\n"),
        .init(
            "times that are the default",
            monitor + "sentinel down-after-milliseconds m 30000\nsentinel failover-timeout m 180000\n"),
        .init("parallel-syncs", monitor + "sentinel parallel-syncs m 4\n"),
        .init(
            "scripts",
            monitor + "sentinel notification-script m $DIR/n.sh\nsentinel client-reconfig-script m $DIR/r.sh\n",
            files: ["n.sh": "#!/bin/sh\n", "r.sh": "#!/bin/sh\n"]),
        .init("a script that is a directory", monitor + "sentinel notification-script m $DIR\n"),
        .init("a password and a user", monitor + "sentinel auth-pass m secret\nsentinel auth-user m u\n"),
        .init("the password a second time", monitor + "sentinel auth-pass m one\nsentinel auth-pass m two\n"),
        .init("a password in quotes without need", monitor + "sentinel auth-pass m \"secret\"\n"),
        .init(
            "a password with a space", monitor + "sentinel auth-pass m \"a b\"\n",
            difference: .init("values of `sentinel` lines", ours: .watches(#"sentinel auth-pass m "a b""#))),
        .init(
            "a password with a quote", monitor + "sentinel auth-pass m 'a\"b'\n",
            difference: .init("values of `sentinel` lines", ours: .watches(#"sentinel auth-pass m 'a"b'"#))),
        .init("an empty password", monitor + "sentinel auth-pass m \"\"\n"),
        .init(
            "rename-command of a group",
            monitor + "sentinel rename-command m CONFIG guess\nsentinel rename-command m SLAVEOF other\n"),
        .init("master-reboot-down-after-period", monitor + "sentinel master-reboot-down-after-period m 5000\n"),
        .init("epochs", monitor + "sentinel config-epoch m 3\nsentinel leader-epoch m 5\nsentinel current-epoch 5\n"),
        .init(
            "a config epoch above the current one", monitor + "sentinel current-epoch 2\nsentinel config-epoch m 7\n"),
        .init("the current epoch is only raised", "sentinel current-epoch 9\nsentinel current-epoch 4\n"),
        .init(
            "known-replica",
            monitor + "sentinel known-replica m 127.0.0.1 6380\nsentinel known-replica m 127.0.0.1 6381\n"),
        .init("known-slave", monitor + "sentinel known-slave m 127.0.0.1 6380\n"),
        .init("known-sentinel", monitor + "sentinel known-sentinel m 127.0.0.1 26380 \(otherID)\n"),
        .init(
            "known-sentinel of two groups",
            monitor
                + "sentinel monitor n 127.0.0.1 6380 1\nsentinel known-sentinel m 127.0.0.1 26380 \(otherID)\nsentinel known-sentinel n 127.0.0.1 26380 \(otherID)\n"
        ),
        .init("known-sentinel without an ID", monitor + "sentinel known-sentinel m 127.0.0.1 26380\n"),
        .init("myid", "sentinel myid \(id)\n"),
        .init("myid of other characters", "sentinel myid \(String(repeating: "Z-", count: 20))\n"),
        .init("myid in upper case", "SENTINEL MYID \(id)\n"),
        .init("announced address", "sentinel announce-ip 10.1.2.3\nsentinel announce-port 26380\n"),
        .init("announced address in quotes", "sentinel announce-ip \"10.1.2.3\"\n"),
        .init("an empty announced address", "sentinel announce-ip \"\"\n"),
        .init(
            "an announced name",
            "sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\nsentinel announce-ip localhost\n"),
        .init("credentials between sentinels", "sentinel sentinel-user u\nsentinel sentinel-pass p\n"),
        .init("empty credentials", "sentinel sentinel-user \"\"\nsentinel sentinel-pass ''\n"),
        .init("deny-scripts-reconfig", "sentinel deny-scripts-reconfig NO\n"),
        .init(
            "names that resolve",
            "sentinel monitor m localhost 6379 1\nsentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n"),
        .init("a name without a group", "sentinel monitor my-master_1.x 127.0.0.1 6379 1\n"),
        .init("a master name in other letters", "sentinel monitor café 127.0.0.1 6379 1\n"),
    ]

    private static let brokenSentinelLines: [ConfigurationCase] = [
        .init("monitor with a word too few", "sentinel monitor m 127.0.0.1 6379\n"),
        .init("monitor with a word too many", "sentinel monitor m 127.0.0.1 6379 2 x\n"),
        .init("quorum 0", "sentinel monitor m 127.0.0.1 6379 0\n"),
        .init("a negative quorum", "sentinel monitor m 127.0.0.1 6379 -1\n"),
        .init("a quorum that is no number", "sentinel monitor m 127.0.0.1 6379 two\n"),
        .init(
            "a quorum with letters behind it", "sentinel monitor m 127.0.0.1 6379 2x\n",
            difference: .init(
                "numbers of `sentinel` lines with letters",
                ours: .refuses(line: 1, "sentinel monitor m 127.0.0.1 6379 2x", "Quorum must be 1 or greater."))),
        .init("a port beyond the range", "sentinel monitor m 127.0.0.1 65536 2\n"),
        .init("a negative port", "sentinel monitor m 127.0.0.1 -1 2\n"),
        .init(
            "a port that is no number", "sentinel monitor m 127.0.0.1 abc 2\n",
            difference: .init(
                "numbers of `sentinel` lines with letters",
                ours: .refuses(line: 1, "sentinel monitor m 127.0.0.1 abc 2", "Invalid port number."))),
        .init("a host that does not resolve", "sentinel monitor m not.an.address.invalid 6379 2\n"),
        .init("a name although names are not allowed", "sentinel monitor m localhost 6379 2\n"),
        .init(
            "a master name with a space", "sentinel monitor \"a b\" 127.0.0.1 6379 2\n",
            difference: .init(
                "master names",
                ours: .refuses(
                    line: 1, #"sentinel monitor "a b" 127.0.0.1 6379 2"#,
                    "Master names must not be empty or contain white space, control characters, commas or quotes."))),
        .init(
            "an empty master name", "sentinel monitor \"\" 127.0.0.1 6379 2\n",
            difference: .init(
                "master names",
                ours: .refuses(
                    line: 1, #"sentinel monitor "" 127.0.0.1 6379 2"#,
                    "Master names must not be empty or contain white space, control characters, commas or quotes."))),
        .init("two masters of one name", monitor + "sentinel monitor m 127.0.0.1 6380 2\n"),
        .init(
            "the same monitor line twice", monitor + monitor,
            difference: .init("identical duplicate lines, also of an included file", ours: .watches())),
        .init("an unknown master", "sentinel down-after-milliseconds nobody 5\n"),
        .init("a master name in other case", monitor + "sentinel parallel-syncs M 2\n"),
        .init("down-after 0", monitor + "sentinel down-after-milliseconds m 0\n"),
        .init("down-after that is no number", monitor + "sentinel down-after-milliseconds m soon\n"),
        .init("a negative failover-timeout", monitor + "sentinel failover-timeout m -5\n"),
        .init(
            "failover-timeout with a unit", monitor + "sentinel failover-timeout m 5s\n",
            difference: .init(
                "numbers of `sentinel` lines with letters",
                ours: .refuses(line: 2, "sentinel failover-timeout m 5s", "negative or zero time parameter."))),
        .init(
            "parallel-syncs that is no number", monitor + "sentinel parallel-syncs m many\n",
            difference: .init(
                "numbers of `sentinel` lines with letters",
                ours: .refuses(line: 2, "sentinel parallel-syncs m many", "argument couldn't be parsed into an integer")
            )),
        .init("a script that is not there", monitor + "sentinel notification-script m /nonexistent\n"),
        .init(
            "a script that may not be run", monitor + "sentinel client-reconfig-script m $DIR/x\n",
            files: ["x": "#!/bin/sh\n"]),
        .init("an empty script", monitor + "sentinel notification-script m \"\"\n"),
        .init(
            "one command renamed twice",
            monitor + "sentinel rename-command m config a\nsentinel rename-command m CONFIG b\n"),
        .init(
            "a negative master-reboot-down-after-period", monitor + "sentinel master-reboot-down-after-period m -1\n"),
        .init(
            "a replica twice",
            monitor + "sentinel known-replica m 127.0.0.1 6380\nsentinel known-replica m 127.0.0.1 6380\n",
            difference: .init(
                "identical duplicate lines, also of an included file",
                ours: .watches("sentinel known-replica m 127.0.0.1 6380"))),
        .init(
            "a replica under both names",
            monitor + "sentinel known-slave m 127.0.0.1 6380\nsentinel known-replica m 127.0.0.1 6380\n",
            difference: .init(
                "identical duplicate lines, also of an included file",
                ours: .watches("sentinel known-replica m 127.0.0.1 6380"))),
        .init("a replica with a bad port", monitor + "sentinel known-replica m 127.0.0.1 70000\n"),
        .init("a replica that does not resolve", monitor + "sentinel known-replica m no.such.host.invalid 6380\n"),
        .init(
            "two sentinels of one ID",
            monitor
                + "sentinel known-sentinel m 127.0.0.1 1 \(otherID)\nsentinel known-sentinel m 127.0.0.1 2 \(otherID)\n"
        ),
        .init("a short myid", "sentinel myid abc\n"),
        .init("a long myid", "sentinel myid \(id)0\n"),
        .init("deny-scripts-reconfig maybe", "sentinel deny-scripts-reconfig maybe\n"),
        .init("resolve-hostnames 1", "sentinel resolve-hostnames 1\n"),
        .init("announce-hostnames true", "sentinel announce-hostnames true\n"),
        .init(
            "an announced port out of range", "sentinel announce-port 99999\n",
            difference: .init(
                "`announce-port` out of range",
                ours: .refuses(line: 1, "sentinel announce-port 99999", "Invalid port number."))),
        .init(
            "an epoch that is no number", "sentinel current-epoch x\n",
            difference: .init(
                "numbers of `sentinel` lines with letters",
                ours: .refuses(line: 1, "sentinel current-epoch x", "argument couldn't be parsed into an integer"))),
        .init("quorum, which is gone", monitor + "sentinel quorum m 2\n"),
        .init("can-failover, which is gone", monitor + "sentinel can-failover m yes\n"),
        .init("an unknown sentinel directive", "sentinel frobnicate\n"),
        .init("a sentinel error in front of a general one is not the first", "sentinel myid abc\nport x\n"),
        .init(
            "passes: a bad monitor behind a bad master line",
            "sentinel parallel-syncs nobody 1\nsentinel monitor m 127.0.0.1 6379 0\n"),
        .init("passes: a bad myid behind a bad monitor", "sentinel monitor m 127.0.0.1 6379 0\nsentinel myid abc\n"),
    ]

    // MARK: General directives

    private static let general: [ConfigurationCase] = [
        .init("bind", "bind 127.0.0.1\n"),
        .init("bind two addresses, one of them optional", "bind 127.0.0.1 -192.0.2.77\n"),
        .init("bind in one pair of quotes", "bind \"127.0.0.1 -::1\"\n"),
        .init("protected-mode", "protected-mode yes\nbind 127.0.0.1\n"),
        .init("logfile and loglevel", "logfile $DIR/sentinel.log\nloglevel verbose\n"),
        .init("every log level", "loglevel warning\nloglevel notice\nloglevel verbose\nloglevel debug\n"),
        .init("dir", "dir $DIR\n"),
        .init("dir in quotes with spaces around", "  dir   \"$DIR\"  \n"),
        .init("pidfile without daemonize", "pidfile $DIR/pid\n"),
        .init("a Unix socket", "unixsocket $DIR/s\nunixsocketperm 700\n"),
        .init("numbers of the network", "tcp-backlog 64\ntcp-keepalive 60\ntimeout 600\nmaxclients 100\n"),
        .init("requirepass", "requirepass secret\n", authentication: ["secret"]),
        .init("requirepass in quotes", "requirepass \"a b\"\n", authentication: ["a b"]),
        .init(
            "users", "user alice on >pw ~* &* +@all\n", authentication: ["alice", "pw"],
            difference: .init("`user` lines", ours: .runs("user alice on >pw ~* &* +@all"))),
        .init("a user without rules", "user nobody\n", difference: .init("`user` lines", ours: .runs("user nobody"))),
        .init(
            "limits",
            "client-output-buffer-limit pubsub 64mb 16mb 30\nclient-query-buffer-limit 4mb\nproto-max-bulk-len 2mb\n"),
        .init("limits of a replica under its old name", "client-output-buffer-limit slave 1mb 1mb 10\n"),
        .init("rename-command", "rename-command PING pong\n"),
        .init("rename-command to nothing", "rename-command ROLE \"\"\n"),
        .init("the title of the process", "set-proc-title yes\nproc-title-template \"{title} {port}\"\n"),
        .init(
            "what the tests of the original write",
            "repl-diskless-sync-delay 0\nenable-debug-command yes\nenable-protected-configs yes\nsave \"\"\n"),
        .init(
            "paths of certificates without a TLS port",
            "tls-cert-file $DIR/c\ntls-key-file $DIR/k\ntls-ca-cert-dir $DIR\n"),
        .init("supervised by nobody", "supervised no\ndaemonize no\n"),
        .init("acllog-max-len", "acllog-max-len 10\nacl-pubsub-default allchannels\n"),
    ]

    private static let brokenGeneral: [ConfigurationCase] = [
        .init("a port out of range", "port 70000\n"),
        .init("a port to listen on that is no number", "port abc\n"),
        .init("a port with a leading zero", "port 026379\n"),
        .init("a port with a plus", "port +5\n"),
        .init("an empty port", "port \"\"\n"),
        .init("maxclients 0", "maxclients 0\n"),
        .init("maxclients with a unit", "maxclients 1k\n"),
        .init("timeout too great", "timeout 2147483648\n"),
        .init("a flag that is neither", "daemonize maybe\n"),
        .init("a flag as a number", "protected-mode 1\n"),
        .init(
            "an unknown log level", "loglevel loud\n",
            difference: .init(
                "`loglevel nothing`",
                ours: .refuses(
                    line: 1, "loglevel loud",
                    "argument(s) must be one of the following: debug, verbose, notice, warning, nothing"))),
        .init(
            "log level nothing", "loglevel nothing\n",
            difference: .init("`loglevel nothing`", ours: .runs("loglevel nothing"))),
        .init("an unknown supervisor", "supervised runit\n"),
        .init("an unknown facility", "syslog-facility mail\n"),
        .init("permissions that are not octal", "unixsocketperm 999\n"),
        .init("permissions beyond 777", "unixsocketperm 1777\n"),
        .init("a directory that is not there", "dir /nonexistent/dir\n"),
        .init("a directory that is a file", "dir $DIR/file\n", files: ["file": "x"]),
        .init("too many addresses", "bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"),
        .init("nothing to listen on", "port 0\n", isComplete: true),
        .init("nothing to bind to", "bind \"\"\n"),
        .init("an address that is not ours", "bind 192.0.2.77\nport $PORT\n", isComplete: true),
        .init("a limit with a word missing", "client-output-buffer-limit pubsub 1mb 1mb\n"),
        .init("a limit of an unknown class", "client-output-buffer-limit foo 0 0 0\n"),
        .init("a limit that is no size", "client-output-buffer-limit normal x 0 0\n"),
        .init("a query limit too small", "client-query-buffer-limit 1kb\n"),
        .init("a size with an unknown unit", "proto-max-bulk-len 1tb\n"),
        .init("a title with an unknown variable", "proc-title-template {foo}\n"),
        .init("rename-command of CONFIG", "rename-command CONFIG \"\"\n"),
        .init("rename-command to a name that is taken", "rename-command PING INFO\n"),
        .init("rename-command with a word missing", "rename-command PING\n"),
        .init(
            "a user with a bad rule", "user alice foo\n",
            difference: .init(
                "ACL errors that echo a password",
                ours: .refuses(line: 1, "user alice ******", "Error in user declaration 'alice': Syntax error"))),
        .init("a user without a name", "user\n"),
        .init(
            "one user twice", "user a on\nuser a off\n",
            difference: .init(
                "ACL errors that echo a password",
                ours: .refuses(
                    line: 2, "user a ******",
                    "Error in user declaration 'a': "
                        + "Duplicate user found. A user can only be defined once in config files"
                ))),
        .init(
            "users and an ACL file", "aclfile $DIR/users\nuser a on\n", files: ["users": ""],
            difference: .init(
                "users and an ACL file",
                ours: .ends(
                    "Configuring Redis with users defined in redis.conf and at the same setting "
                        + "an ACL file path is invalid."
                ))),
        .init("an ACL file that is not there", "aclfile $DIR/none\n"),
        .init("an ACL file with a bad line", "aclfile $DIR/users\n", files: ["users": "user x foo\n"]),
        .init("a log file in a directory that is not there", "logfile /nonexistent/dir/log\n"),
    ]

    // MARK: Directives of redis.conf that mean nothing to a sentinel

    /// What Redis 7.0 does not know, or has but refuses here.
    private static let onlyInOthers: Set<String> = [
        "availability-zone", "extended-redis-compatibility", "hide-user-data-from-log", "log-format",
        "log-timestamp-format", "locale-collate", "loadmodule", "socket-mark-id",
    ]

    /// Ten at a time, with their defaults.
    private static let ordinary: [ConfigurationCase] = {
        let lines = DirectiveTable.all.compactMap { row -> String? in
            guard case .kept = row.action, !onlyInOthers.contains(row.name), !row.initial.isEmpty else { return nil }
            return "\(row.name) \(row.initial)\n"
        }
        return stride(from: 0, to: lines.count, by: 10).map { start in
            .init(
                "defaults of redis.conf, from \(lines[start].prefix { $0 != " " })",
                lines[start..<min(start + 10, lines.count)].joined())
        } + [
            .init(
                "other values of redis.conf",
                "hz 50\nmaxmemory 100mb\nappendonly yes\nmaxmemory-policy allkeys-lru\nslowlog-max-len 5\n"),
            .init(
                "old names of redis.conf",
                "slave-priority 10\nhash-max-ziplist-entries 3\nmin-slaves-to-write 1\nlua-time-limit 100\n"),
            .init(
                "names that are gone but still taken", "list-max-ziplist-entries 3\nlua-replicate-commands yes\n",
                difference: .init(
                    "lines that mean nothing to a sentinel",
                    ours: .runs("list-max-ziplist-entries 3", "lua-replicate-commands yes"))),
            .init(
                "replicaof no one", "replicaof no one\n",
                difference: .init("lines that mean nothing to a sentinel", ours: .runs("replicaof no one"))),
            .init("masterauth", "masterauth x\nmasteruser y\n"),
            .init("save points", "save 900 1\nsave 300 10\n"),
            .init("oom-score-adj-values", "oom-score-adj-values 1 2 3\n"),
        ]
    }()

    private static let brokenOrdinary: [ConfigurationCase] = [
        .init("appendonly maybe", "appendonly maybe\n"),
        .init("hz that is no number", "hz fast\n"),
        .init("databases 0", "databases 0\n"),
        .init("an unknown policy", "maxmemory-policy best\n"),
        .init("a size that is none", "maxmemory lots\n"),
        .init("save with one number", "save 900\n"),
        .init("save with a negative number", "save 900 -1\n"),
        .init("replicaof with a bad port", "replicaof 127.0.0.1 x\n"),
        .init("replicaof with a word missing", "replicaof 127.0.0.1\n"),
        .init("a file name that is a path", "dbfilename a/b\n"),
        .init("an empty appenddirname", "appenddirname \"\"\n"),
        .init("unknown event classes", "notify-keyspace-events z!\n"),
        .init("percentiles that are none", "latency-tracking-info-percentiles x\n"),
        .init("percentiles out of range", "latency-tracking-info-percentiles 101\n"),
        .init("oom scores out of range", "oom-score-adj-values 1 2 9999\n"),
        .init("a bad host name", "cluster-announce-hostname a_b!\n"),
        .init("maxmemory-clients above 100 %", "maxmemory-clients 101%\n"),
        .init("repl-timeout 0", "repl-timeout 0\n"),
        .init("shutdown-on-sigint both ways", "shutdown-on-sigint save nosave\n"),
        .init(
            "a directive of a later version", "availability-zone x\n",
            difference: .init("directives of later versions and of Valkey", ours: .runs("availability-zone x"))),
    ]

    // MARK: Other files

    private static let includes: [ConfigurationCase] = [
        .init(
            "an included file", "include $DIR/a.conf\n", files: ["a.conf": "timeout 7\n"],
            difference: .init("options of included files", ours: .runs("include $DIR/a.conf"))),
        .init(
            "an included file with a master", "include $DIR/a.conf\n", files: ["a.conf": monitor],
            difference: .init(
                "options of included files",
                ours: .runs("include $DIR/a.conf", "sentinel config-epoch m 0", "sentinel leader-epoch m 0"))),
        .init(
            "a pattern", "include $DIR/*.part\n", files: ["a.part": "timeout 7\n", "b.part": "timeout 8\n"],
            difference: .init("options of included files", ours: .runs("include $DIR/*.part"))),
        .init(
            "a pattern with brackets", "include $DIR/[ab].part\n",
            files: ["a.part": "# nothing\n", "c.part": "bogus\n"]),
        .init("a pattern that matches nothing", "include $DIR/none-*.conf\ntimeout 3\n"),
        .init("an included file that is empty", "include $DIR/a.conf\n", files: ["a.conf": ""]),
        .init("an included file with comments only", "INCLUDE \"$DIR/a.conf\"\n", files: ["a.conf": "# a\n\n"]),
        .init("the main file has the last word", "include $DIR/a.conf\ntimeout 3\n", files: ["a.conf": "timeout 7\n"]),
        .init("an included file that is not there", "timeout 3\ninclude $DIR/none.conf\n"),
        .init(
            "an included file with an error", "timeout 3\n\ninclude $DIR/a.conf\n",
            files: ["a.conf": "timeout 3\ntimeout x\n"],
            difference: .init(
                "errors in included files",
                ours: .ends(
                    "In the included file '$DIR/a.conf'", "Reading the configuration file, at line 2",
                    ">>> 'timeout x'", "argument couldn't be parsed into an integer"))),
        .init(
            "an error behind an included file", "include $DIR/a.conf\n\ntimeout x\n",
            files: ["a.conf": "# one\n# two\n# three\n"]),
        .init("include without a name", "include\n"),
        .init(
            "a file that includes another", "include $DIR/a.conf\n",
            files: ["a.conf": "include $DIR/b.conf\n", "b.conf": "# b\n"]),
    ]

    private static let commandLines: [ConfigurationCase] = [
        .init("an option", monitor, options: ["--timeout", "7"]),
        .init("an option in one word", monitor, options: ["--timeout 7"]),
        .init("an option wins", "timeout 3\n", options: ["--timeout", "7"]),
        .init("options of systemd", monitor, options: ["--supervised", "no", "--daemonize", "no"]),
        .init("monitor as an option", "", options: ["--sentinel", "monitor", "m", "127.0.0.1", "6379", "2"]),
        .init("two options behind --sentinel", "", options: ["--sentinel", "--loglevel", "verbose"]),
        .init("--sentinel alone", monitor, options: ["--sentinel"]),
        .init("an unknown option", "timeout 3\n", options: ["--frobnicate", "7"]),
        .init("an option with a bad value", "timeout 3\n", options: ["--timeout", "x"]),
        .init("a bad monitor as an option", "", options: ["--sentinel", "monitor", "m", "127.0.0.1", "6379", "0"]),
        .init("an option without a value", "", options: ["--timeout"]),
        .init("a value with a space", "", options: ["--syslog-ident", "a b"]),
        .init("several values", "", options: ["--bind", "127.0.0.1", "-::1"]),
        .init("a word that is no option", "", options: ["foo"]),
        .init("standard input", "", options: ["-"], standardInput: "timeout 7\n" + monitor),
        .init(
            "standard input and an option", "timeout 1\n", options: ["--timeout", "9", "-"],
            standardInput: "timeout 7\n"),
        .init("a bad line on standard input", "# one\n", options: ["-"], standardInput: "timeout 7\ntimeout x\n"),
    ]

    // MARK: Files that were damaged, and files in use

    private static let damaged: [ConfigurationCase] = [
        .init(
            "standard input behind a file without a line feed", "timeout 1", options: ["-"],
            standardInput: "port $PORT\n", isComplete: true,
            difference: .init("standard input behind a file that does not end in a line feed", ours: .runs("timeout 1"))
        ),
        .init(
            "cut off in a word", monitor + "sentinel down-after-milliseconds m 5000\nsentinel failover-ti",
            isComplete: true),
        .init(
            "cut off behind a name", monitor + "sentinel auth-pass m", isComplete: true,
            difference: .init(
                "errors about a line with a password",
                ours: .refuses(
                    line: 2, "sentinel auth-pass ******", "Unrecognized sentinel configuration statement."))),
        .init("cut off in quotes", monitor + "dir \"/var/li", isComplete: true),
        .init("cut off in an ID", monitor + "sentinel myid 0a0a0a", isComplete: true),
        .init(
            "zero bytes behind the text", "port $PORT\n" + monitor + "sentinel current-epoch 3\n\0\0\0\0",
            isComplete: true,
            difference: .init(
                "zero bytes in the file",
                ours: .refuses(line: 4, #"\x00\x00\x00\x00"#, "There are zero bytes in this line: the file is damaged.")
            )),
        .init("an HTML page", "<!DOCTYPE html>\n<html>\n"),
        .init("a merge conflict", "<<<<<<< HEAD\ntimeout 3\n=======\n"),
        .init("a byte order mark", "\u{FEFF}timeout 3\n"),
    ]

    private static let inUse: [ConfigurationCase] = [
        .init(
            "our own example",
            (try? String(contentsOfFile: Programs.packageDirectory + "/sentinel.conf.example", encoding: .utf8))
                ?? "the example is missing"),
        .init(
            "everything in one order",
            """
            logfile "$DIR/sentinel.log"
            sentinel myid \(id)
            sentinel monitor mymaster 127.0.0.1 6379 2
            sentinel auth-pass mymaster pw
            sentinel config-epoch mymaster 3
            sentinel leader-epoch mymaster 4
            sentinel known-replica mymaster 127.0.0.1 6380
            sentinel current-epoch 4

            """),
        .init(
            "as a chart writes it",
            """
            dir "$DIR"
            SENTINEL monitor mymaster localhost 6379 2 \nSENTINEL down-after-milliseconds mymaster 60000\t
            SENTINEL failover-timeout mymaster 180000
            SENTINEL parallel-syncs mymaster 1
            SENTINEL resolve-hostnames yes
            SENTINEL announce-hostnames yes

            """),
        .init(
            "as Debian ships it",
            """
            # Example sentinel.conf
            protected-mode no
            daemonize no
            pidfile "$DIR/redis-sentinel.pid"
            loglevel notice
            dir $DIR
            sentinel monitor mymaster 127.0.0.1 6379 2
            sentinel down-after-milliseconds mymaster 30000
            acllog-max-len 128
            sentinel parallel-syncs mymaster 1
            sentinel failover-timeout mymaster 180000
            sentinel deny-scripts-reconfig yes
            SENTINEL resolve-hostnames no
            SENTINEL announce-hostnames no
            SENTINEL master-reboot-down-after-period mymaster 0

            """),
        .init(
            "as it was rewritten before",
            """
            bind 127.0.0.1
            dir "$DIR"
            sentinel monitor mymaster 127.0.0.1 6379 2
            sentinel down-after-milliseconds mymaster 2000

            # Generated by CONFIG REWRITE
            protected-mode no
            latency-tracking-info-percentiles 50 99 99.9
            user default on nopass ~* &* +@all
            sentinel myid \(id)
            sentinel config-epoch mymaster 2
            sentinel leader-epoch mymaster 2
            sentinel current-epoch 2

            sentinel known-replica mymaster 127.0.0.1 6380

            sentinel known-sentinel mymaster 127.0.0.1 26380 \(otherID)

            """),
    ]
}
