// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore

/// What this sentinel listens on: a port at every address of `bind`, and a Unix socket.
///
/// - Source: spec/config-and-process.md 3, 4; which addresses may be missing is what Debian's redis-sentinel 7.0.15
///   does: one that is written with a `-`, as long as the host just has no such address. One that is taken is an error.
final class Listeners {
    /// Why the sentinel can't start, in the words of the log.
    struct Refusal: Error {
        let text: String
    }

    private let settings: ServerSettings
    private let log: Logger
    private var listeners: [Listener] = []
    /// Gets each connection, which it has to give a delegate or to close; none comes before the main queue runs.
    var accepted: (Connection) -> Void = { $0.close() }

    init(_ settings: ServerSettings, log: Logger) {
        self.settings = settings
        self.log = log
    }

    /// Whether there is a file that `close` removes.
    var hasUnixSocket: Bool { listeners.contains { $0.localAddress.family == .unix } }

    func open() throws(Refusal) {
        if settings.port != 0 {
            for bind in settings.bindAddresses { try open(bind) }
        }
        if !settings.unixSocket.isEmpty { try openUnixSocket() }
        guard !listeners.isEmpty else { throw Refusal(text: "Configured to not listen anywhere, exiting.") }
    }

    func close() {
        for listener in listeners { listener.close() }
        listeners = []
    }

    private func open(_ bind: BindAddress) throws(Refusal) {
        let why: String
        var isMissing = false
        switch Self.address(bind.host, port: UInt16(clamping: settings.port)) {
        case .success(let address):
            do throws(SystemError) {
                return try listen(on: address)
            } catch {
                why = error.description
                isMissing = error.isAboutMissingAddress
            }
        case .failure(let error): why = error.text
        }
        let place = "\(bind.host):\(settings.port)"
        log.write(.warning, "Warning: Could not create server TCP listening socket \(place): \(why)")
        guard bind.isOptional && isMissing else {
            throw Refusal(text: "Failed listening on port \(settings.port) (tcp), aborting.")
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

    private func openUnixSocket() throws(Refusal) {
        let path = settings.unixSocket
        guard let address = SocketAddress(unixPath: path) else {
            throw Refusal(
                text: "Failed opening Unix socket: unix socket path too long (\(path.utf8.count)), "
                    + "must be under \(SocketAddress.longestUnixPath + 1)")
        }
        let permissions = settings.unixSocketPermissions
        do throws(SystemError) {
            try listen(on: address, unixMode: permissions == 0 ? nil : UInt16(clamping: permissions))
        } catch {
            throw Refusal(text: "Failed opening Unix socket: \(error)")
        }
    }

    private func listen(on address: SocketAddress, unixMode: UInt16? = nil) throws(SystemError) {
        let keepAlive = settings.tcpKeepalive > 0 ? Int32(clamping: settings.tcpKeepalive) : nil
        listeners.append(
            try Listener(
                on: address, backlog: Int32(clamping: settings.tcpBacklog), unixMode: unixMode,
                options: ConnectionOptions(keepAliveIdleSeconds: keepAlive)
            ) { [unowned self] in self.accepted($0) })
    }

    func warnOfShortBacklog() {
        guard settings.port != 0, let most = ProcessFacts.longestBacklog, most < settings.tcpBacklog else { return }
        log.write(
            .warning,
            "WARNING: The TCP backlog setting of \(settings.tcpBacklog) cannot be enforced because "
                + "/proc/sys/net/core/somaxconn is set to the lower value of \(most).")
    }
}
