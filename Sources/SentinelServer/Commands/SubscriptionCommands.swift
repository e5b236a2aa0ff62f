// SPDX-License-Identifier: Apache-2.0

import RESP
import SentinelCore
import SentinelWire

/// SUBSCRIBE, UNSUBSCRIBE, their forms for patterns, and PUBLISH.
///
/// - Source: spec/commands.md 5.4 to 5.6.
enum SubscriptionCommands {
    static let handlers: [String: CommandTable.Handler] = [
        "subscribe": { port, client, request in
            for channel in request.arguments.dropFirst() {
                port.pubSub.subscribe(client, to: channel)
                acknowledge(client, "subscribe", channel)
            }
        },
        "psubscribe": { port, client, request in
            for pattern in request.arguments.dropFirst() {
                port.pubSub.subscribe(client, toPattern: pattern)
                acknowledge(client, "psubscribe", pattern)
            }
        },
        "unsubscribe": { port, client, request in
            leave(client, "unsubscribe", request, all: client.channels.names) {
                port.pubSub.unsubscribe(client, from: $0)
            }
        },
        "punsubscribe": { port, client, request in
            leave(client, "punsubscribe", request, all: client.patterns.names) {
                port.pubSub.unsubscribe(client, fromPattern: $0)
            }
        },
        "publish": { port, client, request in
            guard request[1].elementsEqual(Hello.channel.utf8) else {
                return port.refuse(client, "ERR Only HELLO messages are accepted by Sentinel instances.")
            }
            port.ask(.publishHello(Hello(text: request[2])), for: client)
        },
    ]

    /// Such a reply is a message as others are: it is sent while CLIENT REPLY asks for none, too, in both protocols.
    private static func acknowledge(_ client: Client, _ kind: String, _ name: [UInt8]?) {
        client.speakUp()
        client.encoder.pushHeader(3)
        client.encoder.bulk(kind)
        if let name { client.encoder.bulk(name) } else { client.encoder.null() }
        client.encoder.integer(client.subscriptions)
    }

    private static func leave(
        _ client: Client, _ kind: String, _ request: RESP.Request, all: @autoclosure () -> [[UInt8]],
        _ leave: ([UInt8]) -> Void
    ) {
        let names = request.count > 1 ? Array(request.arguments.dropFirst()) : all()
        for name in names {
            leave(name)
            acknowledge(client, kind, name)
        }
        if names.isEmpty { acknowledge(client, kind, nil) }
    }
}
