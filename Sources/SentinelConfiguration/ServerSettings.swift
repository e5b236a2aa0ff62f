// SPDX-License-Identifier: Apache-2.0

package import SentinelCore

/// What the file says about the process itself: where it listens, logs and lives, and who may come in.
///
/// - Source: spec/config-and-process.md 3.
package struct ServerSettings: Sendable, Equatable {
    /// 0 listens on no plain TCP port. 0...65535.
    package var port = 26379
    /// Empty listens on no TCP port at all.
    package var bindAddresses = [BindAddress(host: "*"), BindAddress(host: "::*", isOptional: true)]
    package var isProtected = false
    /// Local address of outgoing links; empty lets the system choose.
    package var bindSourceAddress = ""
    /// Empty for none.
    package var unixSocket = ""
    /// File mode of the socket; 0 leaves it to the umask. 0...0o777.
    package var unixSocketPermissions = 0
    package var tcpBacklog = 511
    /// Seconds; 0 switches it off.
    package var tcpKeepalive = 300
    /// Seconds a client may be idle; 0 for ever.
    package var timeout = 0
    package var maxClients = 10000

    package var daemonizes = false
    package var supervision = Supervision.no
    package var pidFile = ""
    /// Empty for standard output.
    package var logFile = ""
    package var logLevel = LogLevel.notice
    package var logsToSyslog = false
    package var syslogIdentity = "redis"
    package var syslogFacility = SyslogFacility.local0
    /// Where the process works; empty leaves it where it was started.
    package var directory = ""
    package var crashLogIsEnabled = true
    package var setsProcessTitle = true
    package var processTitleTemplate = "{title} {listen-addr} {server-mode}"
    package var alwaysShowsLogo = false
    package var outOfMemoryAdjustment = OutOfMemoryAdjustment.no
    package var outOfMemoryScores = OutOfMemoryScores()
    package var debugCommand = LocalPermission.no

    package var requirePassword: Secret?
    /// In the order of the file, each name once.
    package var users: [UserDeclaration] = []
    package var aclFile = ""
    package var aclLogMaximumLength = 128
    package var newUserChannels = ChannelDefault.resetchannels
    /// Our own commands under other names; an empty one removes the command.
    package var renamedCommands: [RenamedCommand] = []

    package var normalLimit = OutputBufferLimit(hardBytes: 0, softBytes: 0, softSeconds: 0)
    package var replicaLimit = OutputBufferLimit(hardBytes: 256 << 20, softBytes: 64 << 20, softSeconds: 60)
    package var pubsubLimit = OutputBufferLimit(hardBytes: 32 << 20, softBytes: 8 << 20, softSeconds: 60)
    /// Bytes of a query that one client may have pending.
    package var clientQueryBufferLimit: UInt64 = 1 << 30
    /// Bytes of the longest argument.
    package var longestBulkBytes: UInt64 = 512 << 20

    package var tls = TLSSettings()
    /// Where what must be remembered is kept; empty for the configuration file itself.
    package var stateFile = ""

    package init() {}

    /// The port by which the process is known; the TLS port where there is no other.
    package var portForPeople: Int { port != 0 ? port : tls.port }

    /// The port that other sentinels are told: the TLS port where links use TLS, or where there is no other.
    package var portForPeers: Int { tls.isUsedForLinks && tls.port != 0 ? tls.port : portForPeople }
}

/// One address to listen on.
package struct BindAddress: Sendable, Hashable {
    /// `*` and `::*` stand for every address of their family.
    package var host: String
    /// Whether it may be missing on this machine, written with a leading `-`.
    package var isOptional: Bool

    package init(host: String, isOptional: Bool = false) {
        self.host = host
        self.isOptional = isOptional
    }
}

/// A `user` line: a name and rules that only the access control understands, passwords among them.
package struct UserDeclaration: Sendable, Equatable {
    package var name: Word
    package var rules: [Secret]

    package init(name: Word, rules: [Secret]) {
        self.name = name
        self.rules = rules
    }
}

/// What is added to or put in place of the process's score for the kernel's killer, by what the process does.
///
/// A sentinel is a master to the original here; the others are kept for the file. -2000...2000.
package struct OutOfMemoryScores: Sendable, Hashable {
    package var master = 0
    package var replica = 200
    package var backgroundChild = 800
}

/// Bytes of replies one client may leave unread.
package struct OutputBufferLimit: Sendable, Hashable {
    /// 0 for no limit.
    package var hardBytes: UInt64
    /// What may be pending for `softSeconds`; 0 for no limit.
    package var softBytes: UInt64
    package var softSeconds: Int
}

/// What `tls-…` lines say; kept as it is written, made sense of by whoever opens the context.
package struct TLSSettings: Sendable, Equatable {
    /// 0 listens on no TLS port. 0...65535.
    package var port = 0
    /// Whether links to data nodes and sentinels use TLS.
    package var isUsedForLinks = false
    package var clientAuthentication = ClientAuthentication.yes
    package var certificateFile = ""
    package var keyFile = ""
    package var keyPassword: Secret?
    package var clientCertificateFile = ""
    package var clientKeyFile = ""
    package var clientKeyPassword: Secret?
    package var authorityFile = ""
    package var authorityDirectory = ""
    package var protocols = ""
    package var ciphers = ""
    package var cipherSuites = ""
    package var dhParametersFile = ""
    package var prefersServerCiphers = false
    package var cachesSessions = true
    package var sessionCacheSize = 20480
    /// Seconds.
    package var sessionCacheTimeout = 300

    package init() {}
}

/// One of a few words; the raw values are the words of the file.
package protocol Choice: RawRepresentable<String>, CaseIterable, Sendable, Equatable {}

package enum LogLevel: String, Choice { case debug, verbose, notice, warning, nothing }
package enum Supervision: String, Choice { case upstart, systemd, auto, no }
package enum OutOfMemoryAdjustment: String, Choice { case no, yes, relative, absolute }
package enum SyslogFacility: String, Choice {
    case user, local0, local1, local2, local3, local4, local5, local6, local7
}
package enum ClientAuthentication: String, Choice { case no, yes, optional }
package enum LocalPermission: String, Choice { case no, yes, local }
package enum ChannelDefault: String, Choice { case allchannels, resetchannels }
