// SPDX-License-Identifier: Apache-2.0

import AccessControl
import RESP

/// CLIENT.
///
/// - Source: spec/commands.md 4.4.
enum ClientCommands {
    static let badName: ErrorText = "ERR Client names cannot contain spaces, newlines or special characters."

    static let handlers: [String: CommandTable.Handler] = [
        "client|id": { _, client, _ in client.encoder.integer(client.id) },
        "client|getname": { _, client, _ in
            if client.name.isEmpty { client.encoder.null() } else { client.encoder.bulk(client.name) }
        },
        "client|setname": { port, client, request in
            guard isPrintable(request[2]) else { return port.refuse(client, badName) }
            client.name = request.text(2)
            client.encoder.simple("OK")
        },
        "client|setinfo": setInfo,
        "client|info": { _, client, _ in client.encoder.verbatim(client.line + "\n") },
        "client|list": list,
        "client|kill": kill,
        "client|reply": reply,
        "client|pause": pause,
        "client|unpause": { port, client, _ in
            client.encoder.simple("OK")
            port.unpause()
        },
        "client|unblock": { port, client, request in
            guard request.count <= 4 else { return port.refuse(client, CommandTable.noSuchForm(request)) }
            guard Int(strictDecimal: request[2]) != nil else {
                return port.refuse(client, "ERR value is not an integer or out of range")
            }
            guard request.count == 3 || request.matches(3, "timeout") || request.matches(3, "error") else {
                return port.refuse(client, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
            }
            client.encoder.integer(0)
        },
        "client|no-evict": { port, client, request in
            guard request.matches(2, "on") || request.matches(2, "off") else {
                return port.refuse(client, "ERR syntax error")
            }
            client.isSpared = request.matches(2, "on")
            client.encoder.simple("OK")
        },
        "client|tracking": TrackingCommands.tracking,
        "client|getredir": { _, client, _ in client.encoder.integer(client.tracking?.redirection ?? -1) },
        "client|trackinginfo": TrackingCommands.information,
        "client|caching": TrackingCommands.caching,
    ]

    /// Printable ASCII without spaces; nothing at all is fine.
    static func isPrintable(_ text: ArraySlice<UInt8>) -> Bool { text.allSatisfy { (0x21...0x7E).contains($0) } }

    private static func setInfo(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        let isName = request.matches(2, "lib-name")
        guard isName || request.matches(2, "lib-ver") else {
            return port.refuse(client, "ERR Unrecognized option '\(request[2])'")
        }
        guard isPrintable(request[3]) else {
            return port.refuse(
                client, "ERR \(request[2]) cannot contain spaces, newlines or special characters.")
        }
        if isName { client.libraryName = request.text(3) } else { client.libraryVersion = request.text(3) }
        client.encoder.simple("OK")
    }

    private static func reply(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        if request.matches(2, "on") {
            client.replies = .on
            client.encoder.simple("OK")
        } else if request.matches(2, "off") {
            client.replies = .off
        } else if request.matches(2, "skip") {
            if client.replies != .off { client.replies = .skipNext }
        } else {
            port.refuse(client, "ERR syntax error")
        }
    }

    private static func pause(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        guard request.count <= 4 else { return port.refuse(client, CommandTable.noSuchForm(request)) }
        guard let milliseconds = Int(strictDecimal: request[2]) else {
            return port.refuse(client, "ERR timeout is not an integer or out of range")
        }
        guard milliseconds >= 0 else { return port.refuse(client, "ERR timeout is negative") }
        let isWritesOnly = request.matches(3, "write")
        guard request.count == 3 || isWritesOnly || request.matches(3, "all") else {
            return port.refuse(client, "ERR CLIENT PAUSE mode must be WRITE or ALL")
        }
        client.encoder.simple("OK")
        port.pause(milliseconds: UInt64(milliseconds), isWritesOnly: isWritesOnly)
    }

    // MARK: LIST and KILL

    private static func list(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        var clients = port.sortedClients
        if request.count > 2 {
            if request.count == 4, request.matches(2, "type") {
                guard let type = ClientType(request, 3) else {
                    return port.refuse(client, "ERR Unknown client type '\(request[3])'")
                }
                clients = clients.filter { type.includes($0) }
            } else if request.count > 3, request.matches(2, "id") {
                clients = []
                for index in 3..<request.count {
                    guard let id = Int(strictDecimal: request[index]) else {
                        return port.refuse(client, "ERR Invalid client ID")
                    }
                    if let named = port.client(id) { clients.append(named) }
                }
            } else {
                return port.refuse(client, "ERR syntax error")
            }
        }
        client.encoder.verbatim(clients.map { $0.line + "\n" }.joined())
    }

    private static func kill(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        if request.count == 3 {
            let address = request.text(2)
            guard let victim = port.sortedClients.first(where: { $0.address == address }) else {
                return port.refuse(client, "ERR No such client")
            }
            client.encoder.simple("OK")
            return victim === client ? client.finish() : victim.close()
        }
        var filter = ClientFilter()
        if let error = filter.read(request, port) { return port.refuse(client, error) }
        let victims = port.sortedClients.filter { filter.matches($0) && !(filter.skipsCaller && $0 === client) }
        client.encoder.integer(victims.count)
        for victim in victims where victim !== client { victim.close() }
        if victims.contains(where: { $0 === client }) { client.finish() }
    }
}

/// Clients as CLIENT LIST and KILL tell them apart; a sentinel has no replicas.
enum ClientType {
    case normal, pubsub, nobody

    init?(_ request: RESP.Request, _ index: Int) {
        if request.matches(index, "normal") {
            self = .normal
        } else if request.matches(index, "pubsub") {
            self = .pubsub
        } else if ["master", "replica", "slave", "primary"].contains(where: { request.matches(index, $0) }) {
            self = .nobody
        } else {
            return nil
        }
    }

    func includes(_ client: Client) -> Bool {
        switch self {
        case .normal: !client.isSubscribed
        case .pubsub: client.isSubscribed
        case .nobody: false
        }
    }
}

/// The filters of CLIENT KILL.
struct ClientFilter {
    private var id: Int?
    private var type: ClientType?
    private var address: String?
    private var localAddress: String?
    private var user: UserName?
    private var maximumAge: UInt64?
    private(set) var skipsCaller = true

    /// Reads the words after KILL; returns an error to reply.
    mutating func read(_ request: RESP.Request, _ port: ClientPort) -> ErrorText? {
        guard request.count.isMultiple(of: 2) else { return "ERR syntax error" }
        for index in stride(from: 2, to: request.count, by: 2) {
            if request.matches(index, "id") {
                guard let id = Int(strictDecimal: request[index + 1]), id > 0 else {
                    return "ERR client-id should be greater than 0"
                }
                self.id = id
            } else if request.matches(index, "type") {
                guard let type = ClientType(request, index + 1) else {
                    return "ERR Unknown client type '\(request[index + 1])'"
                }
                self.type = type
            } else if request.matches(index, "addr") {
                address = request.text(index + 1)
            } else if request.matches(index, "laddr") {
                localAddress = request.text(index + 1)
            } else if request.matches(index, "user") {
                let name = UserName(request[index + 1])
                guard port.access.users[name] != nil else { return "ERR No such user '\(request[index + 1])'" }
                user = name
            } else if request.matches(index, "maxage") {
                guard let age = Int(strictDecimal: request[index + 1]) else {
                    return "ERR maxage is not an integer or out of range"
                }
                guard age > 0 else { return "ERR maxage should be greater than 0" }
                maximumAge = UInt64(age)
            } else if request.matches(index, "skipme") {
                if request.matches(index + 1, "yes") {
                    skipsCaller = true
                } else if request.matches(index + 1, "no") {
                    skipsCaller = false
                } else {
                    return "ERR syntax error"
                }
            } else {
                return "ERR syntax error"
            }
        }
        return nil
    }

    func matches(_ client: Client) -> Bool {
        if let id, client.id != id { return false }
        if let type, !type.includes(client) { return false }
        if let address, client.address != address { return false }
        if let localAddress, client.localAddress != localAddress { return false }
        if let user, client.user != user { return false }
        if let maximumAge, client.ageSeconds < maximumAge { return false }
        return true
    }
}
