// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore
import TransportSecurity

/// What this sentinel listens on: a plain port and a TLS port at every address of `bind`, and a Unix socket.
///
/// - Source: spec/config-and-process.md 3, 4; which addresses may be missing is what Debian's redis-sentinel 7.0.15
///   does: one that is written with a `-`, as long as the host just has no such address. One that is taken is an error.
final class Listeners {
    /// Why the sentinel can't start, in the words of the log.
    struct Refusal: Error {
        let text: String

        static let nowhere = Refusal(text: "Configured to not listen anywhere, exiting.")
    }

    /// Which of the ports.
    private enum Kind: String {
        case tcp, tls
    }

    private static let leastHandshakes = 16
    private static let failurePauseNanoseconds: UInt64 = 60_000_000_000

    let diagnosis: SecurityDiagnosis
    private let settings: ServerSettings
    /// `nil` where none is configured.
    private let tls: TLS?
    private let log: Logger
    private var listeners: [Listener] = []
    /// Gets each connection, which it has to give a delegate or to close; none comes before the main queue runs.
    var accepted: (Connection) -> Void = { $0.close() }

    /// Why a connection could not be taken in, until the log has been told.
    private var untoldFailure: SystemError?
    /// When the log was told of such a thing, in nanoseconds of the monotonic clock.
    private var failureToldAt: UInt64?

    /// How many more clients there could be; as many may be at their TLS handshake.
    var freePlaces: () -> Int = { 0 }

    init(_ settings: ServerSettings, tls: TLS?, diagnosis: SecurityDiagnosis, log: Logger) {
        self.settings = settings
        self.tls = tls
        self.diagnosis = diagnosis
        self.log = log
    }

    /// Whether there is a file that `close` removes.
    var hasUnixSocket: Bool { listeners.contains { $0.localAddress.family == .unix } }

    /// How often a waiting connection could not be taken in.
    var failedAccepts: Int { listeners.reduce(0) { $0 + $1.failedAccepts } }

    /// What can be said without listening: whether there is anything to listen on.
    static func check(_ settings: ServerSettings) throws(Refusal) {
        let hasPort = settings.port != 0 || settings.tls.port != 0
        guard try unixAddress(settings) != nil || hasPort && !settings.bindAddresses.isEmpty else { throw .nowhere }
    }

    func open() throws(Refusal) {
        if settings.port != 0 {
            for bind in settings.bindAddresses { try open(bind, settings.port, .tcp) }
        }
        if settings.tls.port != 0 {
            for bind in settings.bindAddresses { try open(bind, settings.tls.port, .tls) }
        }
        if let address = try Self.unixAddress(settings) { try openUnixSocket(address) }
        guard !listeners.isEmpty else { throw .nowhere }
    }

    func close() {
        for listener in listeners { listener.close() }
        listeners = []
    }

    private func open(_ bind: BindAddress, _ port: Int, _ kind: Kind) throws(Refusal) {
        let why: String
        var isMissing = false
        switch Self.address(bind.host, port: UInt16(clamping: port)) {
        case .success(let address):
            do throws(SystemError) {
                return try listen(on: address, security: kind == .tls ? security : nil)
            } catch {
                why = error.description
                isMissing = error.isAboutMissingAddress
            }
        case .failure(let error): why = error.text
        }
        let place = "\(bind.host):\(port)"
        log.write(.warning, "Warning: Could not create server TCP listening socket \(place): \(why)")
        guard bind.isOptional && isMissing else {
            throw Refusal(text: "Failed listening on port \(port) (\(kind.rawValue)), aborting.")
        }
    }

    /// The address a word of `bind` stands for; of a name that has several, the first IPv4 one if there is one.
    private static func address(_ host: String, port: UInt16) -> Result<SocketAddress, ResolutionError> {
        switch host {
        case "*": .success(.anyIPv4(port: port))
        case "::*": .success(.anyIPv6(port: port))
        default:
            Resolver.resolveNow(host, port: port).flatMap { addresses in
                (addresses.first { $0.family == .ipv4 } ?? addresses.first).map { .success($0) }
                    ?? .failure(ResolutionError("No usable address"))
            }
        }
    }

    /// `nil` where none is configured.
    private static func unixAddress(_ settings: ServerSettings) throws(Refusal) -> SocketAddress? {
        let path = settings.unixSocket
        guard !path.isEmpty else { return nil }
        guard let address = SocketAddress(unixPath: path) else {
            throw Refusal(
                text: "Failed opening Unix socket: unix socket path too long (\(path.utf8.count)), "
                    + "must be under \(SocketAddress.longestUnixPath + 1)")
        }
        return address
    }

    private func openUnixSocket(_ address: SocketAddress) throws(Refusal) {
        let permissions = settings.unixSocketPermissions
        do throws(SystemError) {
            try listen(on: address, unixMode: permissions == 0 ? nil : UInt16(clamping: permissions))
        } catch {
            throw Refusal(text: "Failed opening Unix socket: \(error)")
        }
    }

    /// A handshake that fails is told of once for each host.
    private var security: ListenerSecurity? {
        tls.map { tls in
            ListenerSecurity(
                make: { tls.makeServerSecurity() },
                capacity: { [unowned self] own in
                    let others = self.listeners.reduce(0) { $0 + $1.unsecuredCount } - own
                    return max(Self.leastHandshakes, self.freePlaces() - others)
                },
                failed: { [diagnosis] in diagnosis.handshakeFailed(from: $0, $1) })
        }
    }

    private func listen(
        on address: SocketAddress, unixMode: UInt16? = nil, security: ListenerSecurity? = nil
    ) throws(SystemError) {
        let keepAlive = settings.tcpKeepalive > 0 ? Int32(clamping: settings.tcpKeepalive) : nil
        let listener = try Listener(
            on: address, backlog: Int32(clamping: settings.tcpBacklog), unixMode: unixMode,
            options: ConnectionOptions(keepAliveIdleSeconds: keepAlive), security: security
        ) { [unowned self] in
            self.accepted($0)
            for listener in self.listeners { listener.makeRoom() }
            self.tellOfFailure()
        }
        listener.acceptFailed = { [unowned self] in self.acceptFailed($0) }
        listeners.append(listener)
    }

    /// Has the log told why clients wait, once a minute at most.
    private func acceptFailed(_ error: SystemError) {
        let now = MonotonicClock.now
        guard failureToldAt.map({ now - $0 >= Self.failurePauseNanoseconds }) ?? true else { return }
        untoldFailure = error
        tellOfFailure()
    }

    /// Without a descriptor to be had the log's file can't be opened either. Then it is told later: with the next
    /// connection that is taken in at the latest.
    private func tellOfFailure() {
        guard let error = untoldFailure, (try? log.check()) != nil else { return }
        untoldFailure = nil
        failureToldAt = MonotonicClock.now
        log.write(
            .warning, "Accepting client connection: \(error). Clients had to wait (\(failedAccepts) attempts so far).")
    }

    func warnOfShortBacklog() {
        guard settings.portForPeople != 0, let most = ProcessFacts.longestBacklog, most < settings.tcpBacklog else {
            return
        }
        log.write(
            .warning,
            "WARNING: The TCP backlog setting of \(settings.tcpBacklog) cannot be enforced because "
                + "/proc/sys/net/core/somaxconn is set to the lower value of \(most).")
    }
}
