// SPDX-License-Identifier: Apache-2.0

import RESP

// Commands about the connection they come over.

extension Command {
    static func ping(_ call: inout Call) {
        guard call.request.count <= 2 else {
            return call.reply.error("ERR wrong number of arguments for 'ping' command")
        }
        let text = call.request.count == 2 ? call.request[1] : nil
        if call.client.version == .resp2, !call.client.channels.isEmpty {
            call.reply.arrayHeader(2)
            call.reply.bulk("pong")
            call.reply.bulk(text ?? [])
        } else if let text {
            call.reply.bulk(text)
        } else {
            call.reply.simple("PONG")
        }
    }

    static func quit(_ call: inout Call) {
        call.reply.simple("OK")
        call.endsConnection = true
    }

    static func select(_ call: inout Call) {
        guard let index = Int(strictDecimal: call.request[1]) else {
            return call.reply.error("ERR value is not an integer or out of range")
        }
        if index == 0 { call.reply.simple("OK") } else { call.reply.error("ERR DB index is out of range") }
    }

    // MARK: Authentication

    static func authenticate(_ call: inout Call) {
        guard call.request.count <= 3 else { return call.reply.error("ERR syntax error") }
        guard call.node.settings.password != nil || call.request.count == 3 else {
            return call.reply.error(
                "ERR AUTH <password> called without any password configured for the default user. "
                    + "Are you sure your configuration is correct?")
        }
        let user = call.request.count == 3 ? call.request.text(1) : "default"
        guard accept(user: user, password: call.request.text(call.request.count - 1), &call) else { return }
        call.reply.simple("OK")
    }

    /// Checks a password; the answer is written only if it is wrong.
    private static func accept(user: String, password: String, _ call: inout Call) -> Bool {
        guard user == "default", call.node.settings.password.map({ $0 == password }) ?? true else {
            call.reply.error("WRONGPASS invalid username-password pair or user is disabled.")
            return false
        }
        call.client.isAuthenticated = true
        return true
    }

    // MARK: HELLO

    static func hello(_ call: inout Call) {
        var version = call.client.version
        if call.request.count > 1 {
            guard let number = Int(strictDecimal: call.request[1]) else {
                return call.reply.error("ERR Protocol version is not an integer or out of range")
            }
            guard let wanted = ProtocolVersion(rawValue: number) else {
                return call.reply.error("NOPROTO unsupported protocol version")
            }
            version = wanted
        }
        guard let name = readHelloOptions(&call) else { return }
        guard call.client.isAuthenticated else {
            return call.reply.error(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
                    + "<user> <pass> option can be used to authenticate the client and select the RESP protocol "
                    + "version at the same time")
        }
        if !name.isEmpty { call.client.name = Array(name) }
        call.client.version = version
        call.reply.version = version
        writeGreeting(&call)
    }

    /// Reads what follows the version: the name asked for, empty if none; `nil` once an error is written.
    private static func readHelloOptions(_ call: inout Call) -> ArraySlice<UInt8>? {
        var name: ArraySlice<UInt8> = []
        var index = 2
        while index < call.request.count {
            if call.request.matches(index, "auth"), index + 2 < call.request.count {
                let (user, password) = (call.request.text(index + 1), call.request.text(index + 2))
                guard accept(user: user, password: password, &call) else { return nil }
                index += 3
            } else if call.request.matches(index, "setname"), index + 1 < call.request.count {
                name = call.request[index + 1]
                guard isClientName(name) else {
                    call.reply.error(badClientName)
                    return nil
                }
                index += 2
            } else {
                call.reply.error("ERR Syntax error in HELLO option '\(call.request.text(index))'")
                return nil
            }
        }
        return name
    }

    private static func writeGreeting(_ call: inout Call) {
        call.reply.mapHeader(7)
        call.reply.bulk("server")
        call.reply.bulk("redis")
        call.reply.bulk("version")
        call.reply.bulk(InfoText.redisVersion)
        call.reply.bulk("proto")
        call.reply.integer(call.client.version.rawValue)
        call.reply.bulk("id")
        call.reply.integer(call.client.id)
        call.reply.bulk("mode")
        call.reply.bulk("standalone")
        call.reply.bulk("role")
        call.reply.bulk(call.node.isMaster ? "master" : "replica")
        call.reply.bulk("modules")
        call.reply.arrayHeader(0)
    }

    // MARK: CLIENT

    private static let badClientName =
        "ERR Client names cannot contain spaces, newlines or special characters."

    private static func isClientName(_ name: ArraySlice<UInt8>) -> Bool {
        name.allSatisfy { (UInt8(ascii: "!")...UInt8(ascii: "~")).contains($0) }
    }

    static func client(_ call: inout Call) {
        let request = call.request
        if request.matches(1, "id"), request.count == 2 {
            call.reply.integer(call.client.id)
        } else if request.matches(1, "getname"), request.count == 2 {
            if call.client.name.isEmpty { call.reply.null() } else { call.reply.bulk(call.client.name) }
        } else if request.matches(1, "setname"), request.count == 3 {
            guard isClientName(request[2]) else { return call.reply.error(badClientName) }
            call.client.name = Array(request[2])
            call.reply.simple("OK")
        } else if request.matches(1, "setinfo"), request.count == 4 {
            call.reply.simple("OK")
        } else if request.matches(1, "kill"), request.count == 4 {
            kill(&call)
        } else {
            call.reply.error("ERR unknown subcommand '\(request.text(1))'. Try CLIENT HELP.")
        }
    }

    /// CLIENT KILL TYPE or ID; the caller is spared, so that the rest of its transaction takes place.
    private static func kill(_ call: inout Call) {
        let (caller, word) = (call.client, call.request.text(3).lowercased())
        if call.request.matches(2, "id") {
            guard let id = Int(strictDecimal: call.request[3]), id > 0 else {
                return call.reply.error("ERR client-id should be greater than 0")
            }
            return call.reply.integer(call.node.closeClients { $0.id == id && $0 !== caller })
        }
        guard call.request.matches(2, "type") else { return call.reply.error("ERR syntax error") }
        let kind: NodeClient.Kind
        switch word {
        case "normal": kind = .normal
        case "pubsub": kind = .subscriber
        case "replica", "slave": kind = .replica
        default: return call.reply.error("ERR Unknown client type '\(call.request.text(3))'")
        }
        call.reply.integer(call.node.closeClients { $0.kind == kind && $0 !== caller })
    }
}
