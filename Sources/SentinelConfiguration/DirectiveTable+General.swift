// SPDX-License-Identifier: Apache-2.0

import SentinelCore

extension DirectiveTable {
    /// General directives that a sentinel honours.
    ///
    /// - Source: spec/config-and-process.md 3; the ranges are those that Debian's redis-sentinel 7.0.15 names.
    static let general: [Directive] = network + process + access + limits + transportSecurity + structure

    private static let network: [Directive] = [
        .integer("port", 0...65535, "26379", \.port, "TCP port of clients and other sentinels; 0 for none."),
        Directive(
            name: "bind", arguments: 0...Int.max, initial: "* -::*", scope: .server,
            summary: "Addresses to listen on; one with a leading `-` may be missing.",
            action: .setting(ServerSetting(read: readBind, write: writeBind))),
        .flag(
            "protected-mode", "no", \.isProtected, "Whether only local clients may come in while no password is set."),
        .text(
            "bind-source-addr", "", \.bindSourceAddress,
            "Local address of outgoing links; a name is looked up at the start."),
        .text("unixsocket", "", \.unixSocket, "Path of a Unix socket to listen on as well."),
        Directive(
            name: "unixsocketperm", arguments: 1...1, initial: "0", scope: .server,
            summary: "File mode of the Unix socket, in octal.",
            action: .setting(ServerSetting(read: readPermissions, write: writePermissions))),
        .integer("tcp-backlog", 0...intMax, "511", \.tcpBacklog, "Connections the kernel may hold ready for us."),
        .integer(
            "tcp-keepalive", 0...intMax, "300", \.tcpKeepalive,
            "Seconds between probes on idle connections; 0 for none."),
        .integer(
            "timeout", 0...intMax, "0", \.timeout, "Seconds after which an idle client is disconnected; 0 for never."),
    ]

    private static let process: [Directive] = [
        .flag("daemonize", "no", \.daemonizes, "Whether to go on in the background."),
        .choice("supervised", "no", \.supervision, "Who watches over the process and wants to know when it is ready."),
        .text("pidfile", "", \.pidFile, "Holds the process ID while we run; /var/run/redis.pid with daemonize."),
        .text("logfile", "", \.logFile, "File to log to; empty for standard output."),
        .choice("loglevel", "notice", \.logLevel, "The least important messages that are still logged."),
        .flag("syslog-enabled", "no", \.logsToSyslog, "Whether to log to the system log as well."),
        .text("syslog-ident", "redis", \.syslogIdentity, "Name used in the system log."),
        .choice("syslog-facility", "local0", \.syslogFacility, "Facility used in the system log."),
        .text("dir", "", \.directory, "Directory to work in; relative paths of later lines start there."),
        .flag("crash-log-enabled", "yes", \.crashLogIsEnabled, "Whether a crash is reported in the log."),
        .flag("set-proc-title", "yes", \.setsProcessTitle, "Whether the process list shows address and mode."),
        Directive(
            name: "proc-title-template", arguments: 1...1, initial: "{title} {listen-addr} {server-mode}",
            scope: .server, summary: "What the process list shows.",
            action: .setting(
                ServerSetting(read: readTitleTemplate, write: { settings in [Word(settings.processTitleTemplate)] }))),
        .flag("always-show-logo", "no", \.alwaysShowsLogo, "Accepted; there never is a logo."),
        .choice(
            "oom-score-adj", "no", \.outOfMemoryAdjustment,
            "Whether the kernel's killer is told how willing to be to end us when memory runs out."),
        Directive(
            name: "oom-score-adj-values", arguments: 3...3, initial: "0 200 800", scope: .server,
            summary: "What it is told; the first of three numbers counts for a sentinel.",
            action: .setting(ServerSetting(read: readOutOfMemoryScores, write: writeOutOfMemoryScores))),
        .choice("enable-debug-command", "no", \.debugCommand, "Accepted; a sentinel has no DEBUG."),
    ]

    private static let access: [Directive] = [
        .secret("requirepass", \.requirePassword, "Password of the default user."),
        Directive(
            name: "user", arguments: 1...Int.max, initial: "", scope: .server, secretAfter: 2,
            summary: "A user and what it may do, in the words of ACL SETUSER.", action: .user),
        .text("aclfile", "", \.aclFile, "File with the users, instead of `user` lines."),
        .integer("acllog-max-len", 0...Int.max, "128", \.aclLogMaximumLength, "Refusals that ACL LOG remembers."),
        .choice("acl-pubsub-default", "resetchannels", \.newUserChannels, "Channels that a new user may use."),
        Directive(
            name: "rename-command", arguments: 2...2, initial: "", scope: .server,
            summary: "Another name for one of our commands, or none; other sentinels use the usual one.",
            action: .renameCommand),
    ]

    private static let limits: [Directive] = [
        .integer("maxclients", 1...0xFFFF_FFFF, "10000", \.maxClients, "Connections we accept at the same time."),
        Directive(
            name: "client-output-buffer-limit", arguments: 0...Int.max,
            initial: "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60", scope: .server,
            summary: "Per class of client: unread bytes that disconnect at once, and those that do after some seconds.",
            action: .setting(ServerSetting(read: readBufferLimits, write: writeBufferLimits))),
        .memory(
            "client-query-buffer-limit", (1 << 20)...memoryMax, "1073741824", \.clientQueryBufferLimit,
            "Bytes of a query that one client may have pending."),
        .memory(
            "proto-max-bulk-len", (1 << 20)...memoryMax, "536870912", \.longestBulkBytes,
            "Bytes of the longest argument."),
    ]

    private static let transportSecurity: [Directive] = [
        .integer("tls-port", 0...65535, "0", \.tls.port, "TCP port for TLS; 0 for none."),
        .flag("tls-replication", "no", \.tls.isUsedForLinks, "Whether links to data nodes and sentinels use TLS."),
        .choice("tls-auth-clients", "yes", \.tls.clientAuthentication, "Whether clients must show a certificate."),
        .text("tls-cert-file", "", \.tls.certificateFile, "Our certificate."),
        .text("tls-key-file", "", \.tls.keyFile, "The key of our certificate."),
        .secret("tls-key-file-pass", \.tls.keyPassword, "Password of that key."),
        .text(
            "tls-client-cert-file", "", \.tls.clientCertificateFile, "Certificate for outgoing links, if another one."),
        .text("tls-client-key-file", "", \.tls.clientKeyFile, "The key of that certificate."),
        .secret("tls-client-key-file-pass", \.tls.clientKeyPassword, "Password of that key."),
        .text("tls-ca-cert-file", "", \.tls.authorityFile, "Authorities we trust, in one file."),
        .text("tls-ca-cert-dir", "", \.tls.authorityDirectory, "Authorities we trust, in a directory."),
        .text("tls-protocols", "", \.tls.protocols, "Protocol versions to allow."),
        .text("tls-ciphers", "", \.tls.ciphers, "Ciphers to allow up to TLS 1.2."),
        .text("tls-ciphersuites", "", \.tls.cipherSuites, "Cipher suites to allow with TLS 1.3."),
        .text("tls-dh-params-file", "", \.tls.dhParametersFile, "Diffie-Hellman parameters for old OpenSSL versions."),
        .flag("tls-prefer-server-ciphers", "no", \.tls.prefersServerCiphers, "Whether our order of ciphers counts."),
        .flag("tls-session-caching", "yes", \.tls.cachesSessions, "Whether clients may resume a session."),
        .integer("tls-session-cache-size", 0...intMax, "20480", \.tls.sessionCacheSize, "Sessions to remember."),
        .integer(
            "tls-session-cache-timeout", 0...intMax, "300", \.tls.sessionCacheTimeout,
            "Seconds to remember a session."),
    ]

    private static let structure: [Directive] = [
        Directive(
            name: "include", arguments: 1...1, initial: "", scope: .server,
            summary: "Reads another file, or all that match a pattern, in this place.", action: .include)
    ]

    private static let intMax = 0x7FFF_FFFF
    private static let memoryMax = UInt64(Int.max)
}

/// Rows of the usual kinds: one word that lands in one property.
extension Directive {
    static func flag(
        _ name: String, _ initial: String, _ property: Property<ServerSettings, Bool>,
        _ summary: String
    ) -> Directive {
        scalar(name, initial, summary) { settings, word throws(Reason) in
            guard let flag = word.flag else { throw .notYesOrNo }
            settings[keyPath: property] = flag
        } write: {
            flagWord($0[keyPath: property])
        }
    }

    static func integer(
        _ name: String, _ range: ClosedRange<Int>, _ initial: String,
        _ property: Property<ServerSettings, Int>, _ summary: String
    ) -> Directive {
        scalar(name, initial, summary) { settings, word throws(Reason) in
            settings[keyPath: property] = try word.integer(in: range)
        } write: {
            Word("\($0[keyPath: property])")
        }
    }

    static func memory(
        _ name: String, _ range: ClosedRange<UInt64>, _ initial: String,
        _ property: Property<ServerSettings, UInt64>, _ summary: String
    ) -> Directive {
        scalar(name, initial, summary) { settings, word throws(Reason) in
            settings[keyPath: property] = try MemorySize.bytes(of: word, in: range)
        } write: {
            Word("\($0[keyPath: property])")
        }
    }

    static func text(
        _ name: String, _ initial: String, _ property: Property<ServerSettings, String>,
        _ summary: String
    ) -> Directive {
        scalar(name, initial, summary) { settings, word throws(Reason) in
            settings[keyPath: property] = try word.text()
        } write: {
            Word($0[keyPath: property])
        }
    }

    static func secret(
        _ name: String, _ property: Property<ServerSettings, Secret?>, _ summary: String
    ) -> Directive {
        var directive = scalar(name, "", summary) { settings, word throws(Reason) in
            settings[keyPath: property] = word.isEmpty ? nil : Secret(word)
        } write: {
            $0[keyPath: property]?.reveal() ?? []
        }
        directive.secretAfter = 1
        return directive
    }

    static func choice<Value: Choice>(
        _ name: String, _ initial: String, _ property: Property<ServerSettings, Value>,
        _ summary: String
    ) -> Directive {
        scalar(name, initial, summary) { settings, word throws(Reason) in
            guard let value = Value(rawValue: word.lowercasedText) else {
                throw .notOneOf(Value.allCases.map(\.rawValue))
            }
            settings[keyPath: property] = value
        } write: {
            Word($0[keyPath: property].rawValue)
        }
    }

    private static func scalar(
        _ name: String, _ initial: String, _ summary: String,
        read: @escaping @Sendable (inout ServerSettings, Word) throws(Reason) -> Void,
        write: @escaping @Sendable (ServerSettings) -> Word
    ) -> Directive {
        Directive(
            name: name, arguments: 1...1, initial: initial, scope: .server, summary: summary,
            action: .setting(
                ServerSetting(
                    read: { settings, words throws(Reason) in
                        guard let word = words.first else { throw .wrongNumberOfArguments }
                        try read(&settings, word)
                    },
                    write: { [write($0)] })))
    }
}
