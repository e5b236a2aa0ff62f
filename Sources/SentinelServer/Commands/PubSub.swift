// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP

/// Who listens to what.
///
/// - Source: spec/commands.md 5.4, 5.5.
final class PubSub {
    private var channels: [[UInt8]: [Client]] = [:]
    /// In the order of the first subscription.
    private var patterns: [(pattern: [UInt8], clients: [Client])] = []

    var channelCount: Int { channels.count }
    var patternCount: Int { patterns.count }

    func subscribe(_ client: Client, to channel: [UInt8]) {
        guard !client.channels.contains(channel) else { return }
        client.channels.append(channel)
        channels[channel, default: []].append(client)
    }

    func unsubscribe(_ client: Client, from channel: [UInt8]) {
        client.channels.removeAll { $0 == channel }
        channels[channel]?.removeAll { $0 === client }
        if channels[channel]?.isEmpty == true { channels[channel] = nil }
    }

    func subscribe(_ client: Client, toPattern pattern: [UInt8]) {
        guard !client.patterns.contains(pattern) else { return }
        client.patterns.append(pattern)
        if let index = patterns.firstIndex(where: { $0.pattern == pattern }) {
            patterns[index].clients.append(client)
        } else {
            patterns.append((pattern, [client]))
        }
    }

    func unsubscribe(_ client: Client, fromPattern pattern: [UInt8]) {
        client.patterns.removeAll { $0 == pattern }
        guard let index = patterns.firstIndex(where: { $0.pattern == pattern }) else { return }
        patterns[index].clients.removeAll { $0 === client }
        if patterns[index].clients.isEmpty { patterns.remove(at: index) }
    }

    func remove(_ client: Client) {
        for channel in client.channels { unsubscribe(client, from: channel) }
        for pattern in client.patterns { unsubscribe(client, fromPattern: pattern) }
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
        for (pattern, clients) in patterns where Glob.matches(pattern: pattern, text: name) {
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
