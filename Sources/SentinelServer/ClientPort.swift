// SPDX-License-Identifier: Apache-2.0

import AccessControl
import EventLoop
import RESP
import SentinelConfiguration
import SentinelCore
import SentinelWire
import TransportSecurity

/// What the client port needs of the rest.
protocol ClientPortOwner: AnyObject {
    var masterNames: [MasterName] { get }
    var timing: Timing { get }
    func obey(_ request: RequestID, _ command: Command)
    /// Facts for INFO that the port does not have.
    func infoFacts() -> InfoText.Facts
    func shutDown(reason: String)
    func reloadCertificates() throws(TLSError)
}

/// The port that clients and other sentinels connect to.
final class ClientPort {
    let log: Logger
    let pubSub = PubSub()
    let access: Access
    let pubsubBacklogLimit: Int
    let queryBufferLimit: Int
    unowned let owner: any ClientPortOwner
    let settings: ServerSettings
    let deniesScriptReconfiguration: Bool
    let diagnosis: SecurityDiagnosis
    private(set) var counters = Counters()

    /// `nil` where no TLS is configured.
    private let tls: TLS?
    private var listeners: [Listener] = []
    private var clients: [Int: Client] = [:]
    private var clientsMade = 0
    private var requestsMade: UInt64 = 0
    private var asking: [RequestID: Client] = [:]
    private var pausedUntil: UInt64 = 0
    private var pausesWritesOnly = false
    private var pauseTimer: DeadlineTimer?

    /// What INFO counts.
    struct Counters {
        var connections = 0
        var rejected = 0
        var commands = 0
        var errors = 0
    }

    init(
        _ settings: ServerSettings, access: Access, tls: TLS?, diagnosis: SecurityDiagnosis,
        deniesScriptReconfiguration: Bool, log: Logger, owner: any ClientPortOwner
    ) {
        self.access = access
        self.tls = tls
        self.diagnosis = diagnosis
        self.settings = settings
        self.deniesScriptReconfiguration = deniesScriptReconfiguration
        self.log = log
        self.owner = owner
        pubsubBacklogLimit = settings.pubsubLimit.hardBytes == 0 ? .max : Int(clamping: settings.pubsubLimit.hardBytes)
        queryBufferLimit = Int(clamping: settings.clientQueryBufferLimit)
    }

    var clientCount: Int { clients.count }
    var sortedClients: [Client] { clients.values.sorted { $0.id < $1.id } }
    var subscriberCount: Int { clients.values.count { $0.isSubscribed } }

    // MARK: Listening

    /// A port that can't be listened on.
    struct ListenError: Error {
        let host: String
        let port: Int
        /// `tcp` or `tls`.
        let kind: String
        let error: SystemError
    }

    func listen() throws(ListenError) {
        try listen(on: settings.port, kind: "tcp", security: nil)
        if let tls { try listen(on: settings.tls.port, kind: "tls", security: security(tls)) }
    }

    private func listen(on port: Int, kind: String, security: ListenerSecurity?) throws(ListenError) {
        guard port != 0 else { return }
        for bind in settings.bindAddresses {
            guard let address = Self.address(bind.host, port: UInt16(clamping: port)) else {
                if bind.isOptional { continue }
                throw ListenError(
                    host: bind.host, port: port, kind: kind,
                    error: SystemError(call: "bind: not a numeric address", errno: 22))
            }
            do throws(SystemError) {
                listeners.append(
                    try Listener(
                        on: address, backlog: Int32(clamping: settings.tcpBacklog),
                        options: ConnectionOptions(keepAliveIdleSeconds: keepAliveSeconds), security: security
                    ) { [unowned self] in self.accept($0) })
            } catch {
                guard bind.isOptional else {
                    throw ListenError(host: bind.host, port: port, kind: kind, error: error)
                }
            }
        }
    }

    /// Handshakes may take the places that clients leave free; what fails is told once for each host.
    private func security(_ tls: TLS) -> ListenerSecurity {
        ListenerSecurity(
            make: { tls.makeServerSecurity() },
            capacity: { [unowned self] in max(Self.leastHandshakes, self.settings.maxClients - self.clients.count) },
            failed: { [unowned self] in self.diagnosis.handshakeFailed(from: $0, $1) })
    }

    private static let leastHandshakes = 16

    private var keepAliveSeconds: Int32? { settings.tcpKeepalive > 0 ? Int32(clamping: settings.tcpKeepalive) : nil }

    private static func address(_ host: String, port: UInt16) -> SocketAddress? {
        switch host {
        case "*": .anyIPv4(port: port)
        case "::*": .anyIPv6(port: port)
        default: SocketAddress(numericHost: host, port: port)
        }
    }

    private func accept(_ connection: Connection) {
        counters.connections += 1
        log.write(.verbose, "Accepted \(connection.remoteAddress?.description ?? "?")")
        if clients.count >= settings.maxClients {
            counters.rejected += 1
            return refuse(connection, "ERR max number of clients reached")
        }
        if settings.isProtected, !access.users.needAuthentication, !Self.isLocal(connection.remoteAddress) {
            counters.rejected += 1
            return refuse(
                connection,
                "DENIED This sentinel is in protected mode and has no password, so it only answers clients on its own "
                    + "host. Give it a password with 'requirepass', or set 'protected-mode no' if its network is safe.")
        }
        clientsMade += 1
        clients[clientsMade] = Client(clientsMade, connection, port: self)
    }

    private func refuse(_ connection: Connection, _ text: String) {
        var encoder = Encoder()
        encoder.error(text)
        connection.write(encoder.bytes)
        connection.closeAfterFlush()
    }

    private static func isLocal(_ address: SocketAddress?) -> Bool {
        guard let address else { return true }
        return address.family == .unix || address.host.hasPrefix("127.") || address.host == "::1"
    }

    func removed(_ client: Client) {
        clients[client.id] = nil
        pubSub.remove(client)
    }

    // MARK: Requests

    func dispatch(_ request: RESP.Request, from client: Client) {
        counters.commands += 1
        if request.matches(0, "post") || request.matches(0, "host:") {
            log.write(.warning, "Possible attack: an HTTP request came in from \(client.address). Connection aborted.")
            return client.close()
        }
        CommandTable.run(request, self, client)
    }

    /// Answers with an error, and counts it.
    func refuse(_ client: Client, _ error: String) {
        counters.errors += 1
        client.encoder.error(error)
    }

    // MARK: Pauses

    /// Delays what clients send; a longer pause under way stays.
    func pause(milliseconds: UInt64, isWritesOnly: Bool) {
        let (span, overflows) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        let (end, overflowsToo) = MonotonicClock.now.addingReportingOverflow(span)
        pausedUntil = max(pausedUntil, overflows || overflowsToo ? .max : end)
        pausesWritesOnly = isWritesOnly
        pauseTimer = pauseTimer ?? DeadlineTimer { [unowned self] in self.unpause() }
        pauseTimer?.schedule(at: pausedUntil)
    }

    func unpause() {
        pausedUntil = 0
        pauseTimer?.schedule(at: nil)
        for client in sortedClients { client.resume() }
    }

    /// Whether a request has to wait.
    ///
    /// Other sentinels are let through: a pause is meant for clients. - Source: spec/commands.md 2; spec/defects.md 42.
    func isPaused(for client: Client, _ request: RESP.Request) -> Bool {
        guard pausedUntil > MonotonicClock.now, !client.isPeer else { return false }
        return pausesWritesOnly ? request.matches(0, "publish") : !request.matches(0, "client")
    }

    /// Gives a command to the core; the reply may come at once or later.
    func ask(_ command: Command, for client: Client) {
        requestsMade += 1
        let id = RequestID(requestsMade)
        asking[id] = client
        client.await(id)
        owner.obey(id, command)
    }

    func answer(_ request: RequestID, _ response: Response) {
        guard let client = asking.removeValue(forKey: request) else { return }
        client.answer(request) { encoder in
            if case .summary(let summary) = response {
                encoder.bulk(InfoText(summary, owner.infoFacts(), sections: client.infoSections).text)
            } else {
                encoder.append(response)
            }
        }
    }

    /// Ends the connections of users that are gone, and of subscribers that may not listen to what they do any more.
    func enforceAccess() {
        for client in sortedClients {
            guard let user = access.users[client.user] else {
                client.close()
                continue
            }
            let mayListen =
                client.channels.allSatisfy { user.mayListen(toChannel: $0[...]) }
                && client.patterns.allSatisfy { user.mayListen(toPattern: $0[...]) }
            if !mayListen { client.close() }
        }
    }

    func finishAll() {
        for listener in listeners { listener.close() }
        for client in clients.values { client.close() }
    }
}
