// SPDX-License-Identifier: Apache-2.0

package import RESP
package import SentinelCore

/// A request as the bytes that go out, and how its replies are understood.
package struct OutgoingRequest {
    /// How many replies the other side owes for it; the last one is the answer.
    package let replies: Int
    package let kind: RequestKind

    /// Appends the request's bytes to `encoder`.
    package init(_ request: SentinelCore.Request, renamed: [RenamedCommand], into encoder: inout Encoder) {
        kind = request.kind
        func name(_ command: String) -> [UInt8] {
            guard !renamed.isEmpty else { return Array(command.utf8) }
            let other = renamed.first { $0.command.lowercased() == command.lowercased() }
            return Array((other?.name ?? command).utf8)
        }
        func send(_ command: String, _ words: String...) {
            encoder.command([name(command)] + words.map { Array($0.utf8) })
        }
        switch request {
        case .authenticate(let user, let password):
            encoder.command([name("AUTH")] + (user.map { [Array($0.utf8)] } ?? []) + [password.reveal()])
            replies = 1
        case .introduce(let runID, let channel):
            let suffix = channel == .command ? "cmd" : "pubsub"
            send("CLIENT", "SETNAME", "sentinel-\(runID.text.prefix(8))-\(suffix)")
            replies = 1
        case .ping:
            send("PING")
            replies = 1
        case .info:
            send("INFO")
            replies = 1
        case .hello(let hello):
            send("PUBLISH", Hello.channel, hello.text)
            replies = 1
        case .isMasterDown(let endpoint, let epoch, let candidate):
            send(
                "SENTINEL", "is-master-down-by-addr", endpoint.host, "\(endpoint.port)", "\(epoch)",
                candidate?.text ?? "*")
            replies = 1
        case .replicate(let endpoint, let isBare):
            let master = endpoint.map { ($0.host, "\($0.port)") } ?? ("NO", "ONE")
            guard !isBare else {
                send("SLAVEOF", master.0, master.1)
                replies = 1
                return
            }
            send("MULTI")
            send("SLAVEOF", master.0, master.1)
            send("CONFIG", "REWRITE")
            send("CLIENT", "KILL", "TYPE", "normal")
            send("CLIENT", "KILL", "TYPE", "pubsub")
            send("EXEC")
            replies = 6
        case .scriptKill:
            send("SCRIPT", "KILL")
            replies = 1
        case .speakRESP3:
            send("HELLO", "3")
            replies = 1
        case .subscribeToHellos:
            send("SUBSCRIBE", Hello.channel)
            replies = 1
        }
    }
}

extension Reply {
    /// Understands the last reply to a request of `kind`.
    package init(_ value: Value, to kind: RequestKind) {
        switch kind {
        case .ping: self = .ping(PingReply(value))
        case .info:
            // A bulk, or a verbatim string from a server that was asked in RESP3.
            switch value {
            case .bulk(let text), .verbatim(let text, _): self = .info(InfoReport(text: text))
            default: self = .malformed(to: .info)
            }
        case .hello:
            self = .published(value.errorText == nil)
        case .isMasterDown:
            if let opinion = Opinion(value) { self = .opinion(opinion) } else { self = .malformed(to: .isMasterDown) }
        case .replicate:
            // EXEC answers with an array, the bare order with a status. The order stands first in the array, and what
            // follows it may fail.
            switch value {
            case .array(let results): self = .replicated(results.first?.errorText == nil)
            case .simple: self = .replicated(true)
            default: self = .replicated(false)
            }
        case .speakRESP3: self = .protocolAgreed(isRESP3: value.saysRESP3)
        case .subscribe:
            // Confirmed by a push; anything else but an error shows that pushes don't get through.
            if case .push = value {
                self = .subscribed(true)
            } else if value.errorText != nil {
                self = .subscribed(false)
            } else {
                self = .malformed(to: .subscribe)
            }
        case .authenticate: self = .authenticated(value.errorText == nil)
        case .other: self = .other
        }
    }
}

extension Value {
    /// Whether it is the answer to HELLO of a server that speaks RESP3 now.
    fileprivate var saysRESP3: Bool {
        guard case .map(let entries) = self else { return false }
        return entries.contains { $0.key.bytes?.elementsEqual("proto".utf8) == true && $0.value == .integer(3) }
    }
}

extension PingReply {
    /// - Source: spec/monitoring.md 3.2: by the first word of a status or an error; anything else is refused.
    fileprivate init(_ value: Value) {
        switch value {
        case .simple(let text), .error(let text):
            if text.starts(with: "PONG".utf8) {
                self = .pong
            } else if text.starts(with: "LOADING".utf8) || text.starts(with: "MASTERDOWN".utf8) {
                self = .notReady
            } else if text.starts(with: "BUSY".utf8) {
                self = .busy
            } else if text.starts(with: "NOAUTH".utf8) {
                self = .unauthenticated
            } else if text.starts(with: "NOPERM".utf8) {
                self = .forbidden
            } else {
                self = .refused
            }
        default: self = .refused
        }
    }
}

extension Opinion {
    /// Taken only as an integer, a bulk and an integer.
    fileprivate init?(_ value: Value) {
        guard case .array(let parts) = value, parts.count == 3, case .integer(let isDown) = parts[0],
            case .bulk(let leader) = parts[1], case .integer(let epoch) = parts[2]
        else { return nil }
        let text = String(decoding: leader, as: UTF8.self)
        guard text != "*" else {
            self.init(isDown: isDown == 1, vote: nil)
            return
        }
        guard let epoch = Epoch(text: String(epoch)) else { return nil }
        self.init(isDown: isDown == 1, vote: Vote(candidate: RunID(heard: text), epoch: epoch))
    }
}
