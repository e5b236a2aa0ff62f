// SPDX-License-Identifier: Apache-2.0

import AccessControl
import RESP
import SentinelCore

/// PING, AUTH, HELLO, QUIT and RESET.
///
/// - Source: spec/commands.md 4.1 to 4.3.
enum ConnectionCommands {
    static let handlers: [String: CommandTable.Handler] = [
        "ping": { _, client, request in ping(client, request) },
        "auth": authenticate,
        "hello": hello,
        "quit": { _, client, _ in
            client.encoder.simple("OK")
            client.finish()
        },
        "reset": { port, client, _ in
            port.pubSub.remove(client)
            client.encoder.version = .resp2
            client.name = ""
            client.tracking = nil
            client.isSpared = false
            client.replies = .on
            port.access.login(client)
            client.encoder.simple("RESET")
        },
    ]

    private static func ping(_ client: Client, _ request: RESP.Request) {
        guard request.count <= 2 else {
            return client.encoder.error("ERR wrong number of arguments for 'ping' command")
        }
        if client.isSubscribed, client.encoder.version == .resp2 {
            client.encoder.arrayHeader(2)
            client.encoder.bulk("pong")
            client.encoder.bulk(request.count == 2 ? request[1] : [])
        } else if request.count == 2 {
            client.encoder.bulk(request[1])
        } else {
            client.encoder.simple("PONG")
        }
    }

    private static func authenticate(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        guard request.count <= 3 else { return port.refuse(client, "ERR syntax error") }
        let user = request.count == 3 ? UserName(request[1]) : nil
        if let error = port.access.authenticate(client, user, request[request.count - 1], command: "auth") {
            return port.refuse(client, ErrorText(error))
        }
        client.encoder.simple("OK")
    }

    /// What HELLO asks for besides a protocol.
    private struct Options {
        var user: UserName?
        var password: ArraySlice<UInt8>?
        var name: String?
    }

    private static func hello(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        var version = client.encoder.version
        if request.count > 1 {
            guard let number = Int(strictDecimal: request[1]) else {
                return port.refuse(client, "ERR Protocol version is not an integer or out of range")
            }
            guard let known = ProtocolVersion(rawValue: number) else {
                return port.refuse(client, "NOPROTO unsupported protocol version")
            }
            version = known
        }
        var options = Options()
        var index = 2
        while index < request.count {
            let left = request.count - index - 1
            if request.matches(index, "auth"), left >= 2 {
                options.user = UserName(request[index + 1])
                options.password = request[index + 2]
                index += 3
            } else if request.matches(index, "setname"), left >= 1 {
                guard ClientCommands.isPrintable(request[index + 1]) else {
                    return port.refuse(client, ClientCommands.badName)
                }
                options.name = request.text(index + 1)
                index += 2
            } else {
                return port.refuse(client, "ERR Syntax error in HELLO option '\(request[index])'")
            }
        }
        if let password = options.password,
            let error = port.access.authenticate(client, options.user, password, command: "hello")
        {
            return port.refuse(client, ErrorText(error))
        }
        guard client.isAuthenticated else {
            return port.refuse(
                client,
                """
                NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
                <user> <pass> option can be used to authenticate the client and select the RESP protocol version at \
                the same time
                """)
        }
        if let name = options.name { client.name = name }
        client.encoder.version = version
        answerHello(client)
    }

    private static func answerHello(_ client: Client) {
        client.encoder.mapHeader(6)
        client.encoder.bulk("server")
        client.encoder.bulk("redis")
        client.encoder.bulk("version")
        client.encoder.bulk(InfoText.redisVersion)
        client.encoder.bulk("proto")
        client.encoder.integer(client.encoder.version.rawValue)
        client.encoder.bulk("id")
        client.encoder.integer(client.id)
        client.encoder.bulk("mode")
        client.encoder.bulk("sentinel")
        client.encoder.bulk("modules")
        client.encoder.arrayHeader(0)
    }
}
