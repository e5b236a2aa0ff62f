// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP
import SentinelConfiguration
import SentinelCore
import SentinelWire

/// What the client port needs of the rest.
protocol ClientPortOwner: AnyObject {
    var masterNames: [MasterName] { get }
    var timing: Timing { get }
    func obey(_ request: RequestID, _ command: Command)
    /// Facts for INFO that the port does not have.
    func infoFacts() -> InfoText.Facts
    func shutDown(reason: String)
}

/// The port that clients and other sentinels connect to.
final class ClientPort {
    let log: Logger
    let pubSub = PubSub()
    let pubsubBacklogLimit: Int
    let queryBufferLimit: Int
    unowned let owner: any ClientPortOwner
    let settings: ServerSettings
    let deniesScriptReconfiguration: Bool
    private(set) var counters = Counters()

    private var listeners: [Listener] = []
    private var clients: [Int: Client] = [:]
    private var clientsMade = 0
    private var requestsMade: UInt64 = 0
    private var asking: [RequestID: Client] = [:]

    /// What INFO counts.
    struct Counters {
        var connections = 0
        var rejected = 0
        var commands = 0
        var errors = 0
    }

    init(_ settings: ServerSettings, deniesScriptReconfiguration: Bool, log: Logger, owner: any ClientPortOwner) {
        self.settings = settings
        self.deniesScriptReconfiguration = deniesScriptReconfiguration
        self.log = log
        self.owner = owner
        pubsubBacklogLimit = settings.pubsubLimit.hardBytes == 0 ? .max : Int(clamping: settings.pubsubLimit.hardBytes)
        queryBufferLimit = Int(clamping: settings.clientQueryBufferLimit)
    }

    var clientCount: Int { clients.count }
    var subscriberCount: Int { clients.values.count { $0.isSubscribed } }

    // MARK: Listening

    /// A port that can't be listened on.
    struct ListenError: Error {
        let host: String
        let error: SystemError
    }

    func listen() throws(ListenError) {
        guard settings.port != 0 else { return }
        for bind in settings.bindAddresses {
            guard let address = Self.address(bind.host, port: UInt16(clamping: settings.port)) else {
                if bind.isOptional { continue }
                throw ListenError(host: bind.host, error: SystemError(call: "bind: not a numeric address", errno: 22))
            }
            do throws(SystemError) {
                listeners.append(
                    try Listener(
                        on: address, backlog: Int32(clamping: settings.tcpBacklog),
                        options: ConnectionOptions(keepAliveIdleSeconds: keepAliveSeconds)
                    ) { [unowned self] in self.accept($0) })
            } catch {
                guard bind.isOptional else { throw ListenError(host: bind.host, error: error) }
            }
        }
    }

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
        if settings.isProtected, settings.requirePassword == nil, !Self.isLocal(connection.remoteAddress) {
            counters.rejected += 1
            return refuse(
                connection,
                "DENIED This sentinel is in protected mode and has no password, so it only answers clients on its own "
                    + "host. Give it a password with 'requirepass', or set 'protected-mode no' if its network is safe.")
        }
        clientsMade += 1
        clients[clientsMade] = Client(clientsMade, connection, port: self, isAuthenticated: settings.requirePassword == nil)
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
        if let refusal = CommandTable.refusal(request, from: client) {
            counters.errors += 1
            return client.encoder.error(refusal)
        }
        guard let row = CommandTable.row(request) else { return }
        row.run(self, client, request)
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

    func finishAll() {
        for listener in listeners { listener.close() }
        for client in clients.values { client.close() }
    }
}
