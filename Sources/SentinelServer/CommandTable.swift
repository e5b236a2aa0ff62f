// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import RESP
import SentinelCore
import SentinelWire

/// The commands a client can send.
///
/// - Source: spec/commands.md 1, 2, 4, 5.
enum CommandTable {
    struct Row {
        let name: String
        /// Words of the whole request: exactly this many, or at least `-arity`.
        let arity: Int
        /// Whether it can be sent before authenticating.
        var isOpen = false
        /// Whether a RESP2 subscriber may send it.
        var isForSubscribers = false
        let run: @MainActor (ClientPort, Client, RESP.Request) -> Void
    }

    /// All commands, in lower case.
    nonisolated static let names: Set<String> = [
        "acl", "auth", "client", "command", "hello", "info", "ping", "psubscribe", "publish", "punsubscribe", "role",
        "sentinel", "shutdown", "subscribe", "unsubscribe",
    ]

    static let rows: [String: Row] = Dictionary(uniqueKeysWithValues: table.map { ($0.name, $0) })

    private static let table: [Row] = [
        Row(name: "ping", arity: -1, isForSubscribers: true) { _, client, request in ping(client, request) },
        Row(name: "auth", arity: -2, isOpen: true) { port, client, request in
            Authentication.authenticate(client, request, port)
        },
        Row(name: "quit", arity: -1, isOpen: true, isForSubscribers: true) { _, client, _ in
            client.encoder.simple("OK")
            client.finish()
        },
        Row(name: "client", arity: -2) { _, client, request in clientCommand(client, request) },
        Row(name: "info", arity: -1) { port, client, request in
            client.infoSections = (1..<request.count).map { request.text($0).lowercased() }
            port.ask(.summary, for: client)
        },
        Row(name: "role", arity: 1) { port, client, _ in
            client.encoder.arrayHeader(2)
            client.encoder.bulk("sentinel")
            client.encoder.arrayHeader(port.owner.masterNames.count)
            for name in port.owner.masterNames { client.encoder.bulk(name.text) }
        },
        Row(name: "sentinel", arity: -2) { port, client, request in sentinelCommand(port, client, request) },
        Row(name: "publish", arity: 3) { port, client, request in
            guard request[1].elementsEqual(Hello.channel.utf8) else {
                return client.encoder.error("ERR Only HELLO messages are accepted by Sentinel instances.")
            }
            port.ask(.publishHello(Hello(text: request[2])), for: client)
        },
        Row(name: "subscribe", arity: -2, isForSubscribers: true) { port, client, request in
            for channel in request.arguments.dropFirst() {
                _ = port.pubSub.subscribe(client, to: channel)
                Subscriptions.acknowledge(client, "subscribe", channel)
            }
        },
        Row(name: "psubscribe", arity: -2, isForSubscribers: true) { port, client, request in
            for pattern in request.arguments.dropFirst() {
                port.pubSub.subscribe(client, toPattern: pattern)
                Subscriptions.acknowledge(client, "psubscribe", pattern)
            }
        },
        Row(name: "unsubscribe", arity: -1, isForSubscribers: true) { port, client, request in
            Subscriptions.leave(client, "unsubscribe", request, all: client.channels) {
                port.pubSub.unsubscribe(client, from: $0)
            }
        },
        Row(name: "punsubscribe", arity: -1, isForSubscribers: true) { port, client, request in
            Subscriptions.leave(client, "punsubscribe", request, all: client.patterns) {
                port.pubSub.unsubscribe(client, fromPattern: $0)
            }
        },
        Row(name: "shutdown", arity: -1) { port, client, request in shutDown(port, client, request) },
    ]

    static func row(_ request: RESP.Request) -> Row? { rows[request.text(0).lowercased()] }

    /// Why the request can't be run, or `nil`; in the order the original checks.
    ///
    /// - Source: spec/commands.md 2.
    static func refusal(_ request: RESP.Request, from client: Client) -> String? {
        guard let row = row(request) else { return unknownCommand(request) }
        var fullName = row.name
        if row.name == "sentinel", request.count > 1 {
            guard let subcommand = SentinelSubcommand.named(request) else {
                return "ERR unknown subcommand '\(cut(request, 1, 128))'. Try SENTINEL HELP."
            }
            fullName = "sentinel|\(subcommand.name)"
            guard subcommand.accepts(count: request.count) else { return wrongArity(fullName) }
        }
        guard row.arity >= 0 ? request.count == row.arity : request.count >= -row.arity else {
            return wrongArity(row.name)
        }
        guard client.isAuthenticated || row.isOpen else { return "NOAUTH Authentication required." }
        guard !client.isSubscribed || row.isForSubscribers || client.encoder.version == .resp3 else {
            return "ERR Can't execute '\(fullName)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
                + "allowed in this context"
        }
        return nil
    }

    private static func wrongArity(_ name: String) -> String { "ERR wrong number of arguments for '\(name)' command" }

    private static func cut(_ request: RESP.Request, _ index: Int, _ limit: Int) -> String {
        String(decoding: request[index].prefix(limit), as: UTF8.self)
    }

    private static func unknownCommand(_ request: RESP.Request) -> String {
        var arguments = ""
        for index in 1..<max(1, request.count) where arguments.utf8.count < 128 {
            arguments += "'\(cut(request, index, 128 - arguments.utf8.count))' "
        }
        return "ERR unknown command '\(cut(request, 0, 128))', with args beginning with: \(arguments)"
    }

    // MARK: Handlers

    private static func ping(_ client: Client, _ request: RESP.Request) {
        guard request.count <= 2 else { return client.encoder.error(wrongArity("ping")) }
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

    private static func clientCommand(_ client: Client, _ request: RESP.Request) {
        switch request.text(1).lowercased() {
        case "setname" where request.count == 3:
            guard request[2].allSatisfy({ (0x21...0x7E).contains($0) }) else {
                return client.encoder.error(
                    "ERR Client names cannot contain spaces, newlines or special characters.")
            }
            client.name = request.text(2)
            client.encoder.simple("OK")
        case "getname" where request.count == 2:
            if client.name.isEmpty { client.encoder.null() } else { client.encoder.bulk(client.name) }
        case "id" where request.count == 2: client.encoder.integer(client.id)
        case "setname", "getname", "id":
            client.encoder.error(wrongArity("client|\(request.text(1).lowercased())"))
        default: client.encoder.error("ERR unknown subcommand '\(cut(request, 1, 128))'. Try CLIENT HELP.")
        }
    }

    private static func sentinelCommand(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        guard let subcommand = SentinelSubcommand.named(request) else { return }
        let context = CommandContext(
            masterNames: port.owner.masterNames, timing: port.owner.timing,
            deniesScriptReconfiguration: port.deniesScriptReconfiguration,
            isExecutable: { ProcessFacts.canExecute($0) })
        switch subcommand.parse(request, context) {
        case .command(let command): port.ask(command, for: client)
        case .refused(let text): client.encoder.error(text)
        case .lines(let lines):
            client.encoder.arrayHeader(lines.count)
            for line in lines { client.encoder.simple(line) }
        }
    }

    /// - Source: spec/commands.md 5.3.
    private static func shutDown(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        var words = Set((1..<request.count).map { request.text($0).lowercased() })
        if words == ["abort"] { return client.encoder.error("ERR No shutdown in progress.") }
        words.subtract(["now", "force"])
        guard words.isEmpty || words == ["save"] || words == ["nosave"] else {
            return client.encoder.error("ERR syntax error")
        }
        port.owner.shutDown(reason: "User requested shutdown...")
    }
}

/// Acknowledging and leaving subscriptions.
enum Subscriptions {
    static func acknowledge(_ client: Client, _ kind: String, _ name: [UInt8]?) {
        client.encoder.pushHeader(3)
        client.encoder.bulk(kind)
        if let name { client.encoder.bulk(name) } else { client.encoder.null() }
        client.encoder.integer(client.subscriptions)
    }

    static func leave(
        _ client: Client, _ kind: String, _ request: RESP.Request, all: [[UInt8]], _ leave: ([UInt8]) -> Void
    ) {
        let names = request.count > 1 ? Array(request.arguments.dropFirst()) : all
        for name in names {
            leave(name)
            acknowledge(client, kind, name)
        }
        if names.isEmpty { acknowledge(client, kind, nil) }
    }
}

/// AUTH with the one password of `requirepass`.
///
/// - Source: spec/commands.md 4.2.
enum Authentication {
    static func authenticate(_ client: Client, _ request: RESP.Request, _ port: ClientPort) {
        guard request.count <= 3 else { return client.encoder.error("ERR syntax error") }
        guard let password = port.settings.requirePassword else {
            guard request.count == 3, request[1].elementsEqual("default".utf8) else {
                return client.encoder.error(
                    request.count == 2
                        ? "ERR AUTH <password> called without any password configured for the default user. Are you "
                            + "sure your configuration is correct?" : wrong)
            }
            return client.encoder.simple("OK")
        }
        let isDefaultUser = request.count == 2 || request[1].elementsEqual("default".utf8)
        guard isSame(password.reveal(), request[request.count - 1]), isDefaultUser else {
            return client.encoder.error(wrong)
        }
        client.isAuthenticated = true
        client.encoder.simple("OK")
    }

    private static let wrong = "WRONGPASS invalid username-password pair or user is disabled."

    /// Compares in a time that depends on the lengths alone.
    private static func isSame(_ secret: [UInt8], _ offered: ArraySlice<UInt8>) -> Bool {
        let offered = Array(offered)
        var difference: UInt8 = secret.count == offered.count ? 0 : 1
        for index in offered.indices { difference |= offered[index] ^ (index < secret.count ? secret[index] : 0xFF) }
        return difference == 0
    }
}
