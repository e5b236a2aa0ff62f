// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP

/// Who listens to what.
///
/// - Source: spec/commands.md 5.4, 5.5.
final class PubSub {
    private var channels: [[UInt8]: [Client]] = [:]
    private var patterns = OrderedTable<[Client]>()

    var channelCount: Int { channels.count }
    var patternCount: Int { patterns.count }

    func subscribe(_ client: Client, to channel: [UInt8]) {
        guard !client.channels.has(channel) else { return }
        client.channels[channel] = ()
        channels[channel, default: []].append(client)
    }

    func unsubscribe(_ client: Client, from channel: [UInt8]) {
        guard client.channels.has(channel) else { return }
        client.channels[channel] = nil
        channels[channel]?.removeAll { $0 === client }
        if channels[channel]?.isEmpty == true { channels[channel] = nil }
    }

    func subscribe(_ client: Client, toPattern pattern: [UInt8]) {
        guard !client.patterns.has(pattern) else { return }
        client.patterns[pattern] = ()
        patterns.update(pattern, from: []) { $0.append(client) }
    }

    func unsubscribe(_ client: Client, fromPattern pattern: [UInt8]) {
        guard client.patterns.has(pattern) else { return }
        client.patterns[pattern] = nil
        patterns.update(pattern, from: []) { $0.removeAll { $0 === client } }
        if patterns[pattern]?.isEmpty == true { patterns[pattern] = nil }
    }

    func remove(_ client: Client) {
        for channel in client.channels.names { unsubscribe(client, from: channel) }
        for pattern in client.patterns.names { unsubscribe(client, fromPattern: pattern) }
    }

    /// Sends `payload` to everybody who listens to `channel`, once for each way he does.
    func publish(_ payload: String, on channel: String) {
        guard !channels.isEmpty || !patterns.isEmpty else { return }
        let name = Array(channel.utf8)
        if let clients = channels[name] {
            send(to: clients) { encoder in
                encoder.pushHeader(3)
                encoder.bulk("message")
                encoder.bulk(name)
                encoder.bulk(payload)
            }
        }
        for (pattern, clients) in patterns.elements where Glob.matches(pattern: pattern, text: name) {
            send(to: clients) { encoder in
                encoder.pushHeader(4)
                encoder.bulk("pmessage")
                encoder.bulk(pattern)
                encoder.bulk(name)
                encoder.bulk(payload)
            }
        }
    }

    /// Sends one message to many; it is encoded once as long as they speak the same version.
    private func send(to clients: [Client], _ encode: (inout Encoder) -> Void) {
        let now = MonotonicClock.now
        var encoded: Encoder?
        for client in clients {
            let version = client.encoder.version
            if let encoded, encoded.version == version {
                client.push(encoded.bytes, at: now)
            } else {
                var encoder = Encoder(version: version)
                encode(&encoder)
                client.push(encoder.bytes, at: now)
                encoded = encoder
            }
        }
    }
}
