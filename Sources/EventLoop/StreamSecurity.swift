// SPDX-License-Identifier: Apache-2.0

/// What turns the bytes on a connection's wire into its owner's bytes and back: TLS, made by somebody above.
///
/// It belongs to one connection, which feeds it what came in and sends what it puts out. No call waits, touches a
/// descriptor or calls back.
package protocol StreamSecurity: AnyObject {
    /// Takes in bytes from the wire; what they mean shows in `shakeHands` and `open`.
    ///
    /// - Throws: What the first bytes alone give away: that the other end does not speak this at all.
    func receive(_ wire: UnsafeRawBufferPointer) throws(SecurityFailure)

    /// Goes on with the handshake as far as what came in allows, and says whether it is done.
    func shakeHands() throws(SecurityFailure) -> Bool

    /// Puts opened bytes at the start of `buffer`, as far as what came in allows.
    func open(into buffer: UnsafeMutableRawBufferPointer) throws(SecurityFailure) -> Opened

    /// Appends `bytes`, sealed, to `wire`; only once the handshake is done.
    func seal(_ bytes: UnsafeRawBufferPointer, into wire: inout OutputBuffer) throws(SecurityFailure)

    /// Appends what it has to say for itself, such as handshakes and alerts, to `wire`.
    func speak(into wire: inout OutputBuffer)

    /// Says that nothing follows; `speak` tells the other end.
    func sayGoodbye()

    /// Lets go of all memory; nothing works any more.
    func end()
}

/// What opening came to.
package nonisolated enum Opened: Hashable, Sendable {
    case bytes(Int)
    case needsMore
    /// The other end has said that nothing follows.
    case endOfStream
}

/// Why a connection could not be secured, or stopped being so.
package nonisolated enum SecurityFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The other end speaks without encryption.
    case plaintext
    /// The other end ended the connection before the handshake did.
    case abandoned
    /// The handshake took too long.
    case timedOut
    /// It gave way to newer ones while too many handshakes were waiting.
    case crowdedOut
    /// Anything else, in words for the log; no secrets in them.
    case failed(String)

    package var description: String {
        switch self {
        case .plaintext: "TLS: the other end speaks without encryption"
        case .abandoned: "TLS: the other end left during the handshake"
        case .timedOut: "TLS: no handshake within \(Handshakes.limitSeconds) seconds"
        case .crowdedOut: "TLS: too many handshakes are waiting"
        case .failed(let text): "TLS: \(text)"
        }
    }
}
