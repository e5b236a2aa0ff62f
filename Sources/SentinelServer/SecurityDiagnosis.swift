// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore

/// Tells the log when one end speaks TLS and the other doesn't, and why handshakes fail: once for each other end.
///
/// Such a mistake shows in every attempt to connect, several times a second for ever.
final class SecurityDiagnosis {
    private static let endsRemembered = 1024
    /// A TLS port ends plain connections without a word; but so may a server that is being stopped, once or twice.
    private static let silentEndsSuspected = 4

    private let settings: TLSSettings
    private let log: Logger
    /// Complaints made, by what they are about.
    private var told: Set<String> = []
    /// Ends that have answered as they should: when they fall silent, that is not for want of TLS, or for too much of
    /// it.
    private var proven: Set<String> = []
    /// How often in a row a plain link ended before the other end had said anything, by its address.
    private var silentEnds: [String: Int] = [:]

    init(settings: TLSSettings, log: Logger) {
        self.settings = settings
        self.log = log
    }

    // MARK: Links

    /// An outgoing connection has answered for the first time: the bytes may be those of a TLS port.
    func heard(_ bytes: UnsafeRawBufferPointer, from address: SocketAddress) {
        guard Self.isRecord(bytes) else { return settle(address) }
        complain(address, "answers in TLS, but links are plain: 'tls-replication yes' is likely missing here")
    }

    /// An outgoing connection has ended by itself.
    func linkEnded(to address: SocketAddress, _ reason: CloseReason, hasHeard: Bool) {
        switch reason {
        case .insecure(.plaintext):
            complain(
                address,
                "answers in plaintext to TLS: either it is to listen with 'tls-port', or 'tls-replication' is to be no")
        case .insecure(.abandoned):
            suspect(address, "ends the connection at the TLS handshake: likely it is \(Self.plainPort)")
        case .insecure(.timedOut): noHandshake(with: address)
        case .insecure(let failure): complain(address, "no secure connection: \(failure)")
        case .endOfStream, .failed: if !hasHeard { endedSilently(address) }
        case .connectFailed: break
        }
    }

    private func endedSilently(_ address: SocketAddress) {
        if silentEnds.count >= Self.endsRemembered { silentEnds.removeAll() }
        let count = silentEnds["\(address)", default: 0] + 1
        silentEnds["\(address)"] = count
        guard count == Self.silentEndsSuspected else { return }
        suspect(
            address,
            "takes connections and ends them without a word: if it listens in TLS, 'tls-replication yes' is missing here"
        )
    }

    /// An outgoing connection was given up while the other end owed its part of the handshake.
    func noHandshake(with address: SocketAddress) {
        suspect(address, "takes connections but leaves TLS unanswered: it hangs, or it is \(Self.plainPort)")
    }

    private static let plainPort =
        "a plaintext port, which 'tls-replication yes' here does not fit"

    // MARK: Clients

    /// Whether the first bytes of a client on the plain port are a TLS handshake.
    func isHandshake(_ bytes: UnsafeRawBufferPointer, from address: SocketAddress?) -> Bool {
        guard Self.isRecord(bytes) else { return false }
        let advice =
            settings.port == 0 ? "there is no 'tls-port'" : "the TLS port is \(settings.port)"
        complain(
            host(of: address),
            "speaks TLS to the plaintext port, and \(advice); of a sentinel, its 'tls-replication yes' is the likely cause"
        )
        return true
    }

    /// A connection to the TLS port came to nothing.
    func handshakeFailed(from address: SocketAddress?, _ reason: CloseReason) {
        switch reason {
        case .insecure(.plaintext):
            complain(
                host(of: address),
                "speaks plaintext to the TLS port; of a sentinel, a missing 'tls-replication yes' is the likely cause")
        case .insecure(let failure):
            log.write(.verbose, "Error accepting a client connection: \(failure) (\(text(address)))")
        case .endOfStream, .failed, .connectFailed:
            log.write(.verbose, "Error accepting a client connection: \(reason) (\(text(address)))")
        }
    }

    // MARK: Telling

    /// Whether the bytes begin a TLS record: a handshake or an alert, of whatever version.
    private static func isRecord(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 2 && (bytes[0] == 22 || bytes[0] == 21) && bytes[1] == 3
    }

    /// Tells what is likely, unless the other end is known to do better.
    private func suspect(_ address: SocketAddress, _ text: String) {
        if !proven.contains("\(address)") { complain(address, text) }
    }

    private func complain(_ address: SocketAddress, _ text: String) { complain("\(address)", text) }

    private func complain(_ end: String, _ text: String) {
        if told.count >= Self.endsRemembered { told.removeAll() }
        guard told.insert("\(end) \(text)").inserted else { return }
        log.write(.warning, "\(end) \(text)")
    }

    /// The other end is well: what comes after that is told anew.
    private func settle(_ address: SocketAddress) {
        let end = "\(address)"
        if proven.count >= Self.endsRemembered { proven.removeAll() }
        proven.insert(end)
        silentEnds[end] = nil
        told = told.filter { !$0.hasPrefix("\(end) ") }
    }

    private func host(of address: SocketAddress?) -> String { address?.host ?? "?" }
    private func text(_ address: SocketAddress?) -> String { address?.description ?? "?" }
}
