// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// The TLS of one connection, between two pieces of memory.
///
/// What came in waits in one until the library wants it, what the library puts out is taken from the other at once. The
/// library itself never sees a descriptor.
final class Session: StreamSecurity {
    /// Where what the library puts out is copied through.
    private static let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)
    /// Content types of TLS records: 20 to 23.
    private static let recordTypes: ClosedRange<UInt8> = 20...23

    private let library: OpenSSL
    /// `nil` once ended, or when the library had no memory for it.
    private var ssl: OpaquePointer?
    /// Belong to `ssl`.
    private var incoming: OpaquePointer?
    private var outgoing: OpaquePointer?
    private var hasHeard = false
    private var isEstablished = false

    init(_ library: OpenSSL, _ context: SecurityContext, isServer: Bool) {
        self.library = library
        guard let ssl = library.SSL_new(context.pointer) else { return }
        let incoming = library.BIO_new(library.BIO_s_mem())
        let outgoing = library.BIO_new(library.BIO_s_mem())
        guard incoming != nil, outgoing != nil else {
            _ = library.BIO_free(incoming)
            _ = library.BIO_free(outgoing)
            library.SSL_free(ssl)
            return
        }
        library.SSL_set_bio(ssl, incoming, outgoing)
        if isServer { library.SSL_set_accept_state(ssl) } else { library.SSL_set_connect_state(ssl) }
        self.ssl = ssl
        self.incoming = incoming
        self.outgoing = outgoing
    }

    func receive(_ wire: UnsafeRawBufferPointer) throws(SecurityFailure) {
        guard ssl != nil, let first = wire.first else { return }
        if !hasHeard {
            hasHeard = true
            guard Self.recordTypes.contains(first) else { throw .plaintext }
        }
        let taken = library.BIO_write(incoming, wire.baseAddress, Int32(clamping: wire.count))
        guard taken == Int32(clamping: wire.count) else { throw .failed("out of memory") }
    }

    func shakeHands() throws(SecurityFailure) -> Bool {
        guard let ssl else { throw .failed("no session could be made") }
        library.ERR_clear_error()  // what somebody else's call left would be taken for this one's
        let result = library.SSL_do_handshake(ssl)
        if result == 1 {
            isEstablished = true
            return true
        }
        guard library.SSL_get_error(ssl, result) == OpenSSL.wantsToRead else { throw failure(of: ssl) }
        return false
    }

    func open(into buffer: UnsafeMutableRawBufferPointer) throws(SecurityFailure) -> Opened {
        guard let ssl, hasInput(ssl) else { return .needsMore }
        library.ERR_clear_error()
        let count = library.SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
        if count > 0 { return .bytes(Int(count)) }
        switch library.SSL_get_error(ssl, count) {
        case OpenSSL.wantsToRead: return .needsMore
        case OpenSSL.isAtEnd: return .endOfStream
        default: throw failure(of: ssl)
        }
    }

    private func hasInput(_ ssl: OpaquePointer) -> Bool {
        library.BIO_ctrl_pending(incoming) > 0 || library.SSL_has_pending(ssl) != 0
    }

    func seal(_ bytes: UnsafeRawBufferPointer, into wire: inout OutputBuffer) throws(SecurityFailure) {
        guard let ssl else { throw .failed("no session could be made") }
        var sealed = 0
        library.ERR_clear_error()
        while sealed < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[sealed...])
            let count = library.SSL_write(ssl, rest.baseAddress, Int32(clamping: rest.count))
            guard count > 0 else { throw failure(of: ssl) }
            sealed += Int(count)
        }
        speak(into: &wire)
    }

    func speak(into wire: inout OutputBuffer) {
        guard ssl != nil else { return }
        while true {
            let count = library.BIO_read(outgoing, Self.scratch.baseAddress, Int32(clamping: Self.scratch.count))
            guard count > 0 else { return }
            wire.append(UnsafeRawBufferPointer(rebasing: Self.scratch[..<Int(count)]))
        }
    }

    func sayGoodbye() {
        guard let ssl, isEstablished else { return }
        if library.SSL_shutdown(ssl) < 0 { library.ERR_clear_error() }
    }

    func end() {
        guard let ssl else { return }
        self.ssl = nil
        library.SSL_free(ssl)
        incoming = nil
        outgoing = nil
    }

    /// After it the session is of no use.
    private func failure(of ssl: OpaquePointer) -> SecurityFailure {
        isEstablished = false
        return .failed(library.failureText(of: ssl))
    }

    /// Such as `TLSv1.3`.
    var version: String { ssl.flatMap { library.SSL_get_version($0) }.map { String(cString: $0) } ?? "none" }
}

extension OpenSSL {
    /// SSL_ERROR_WANT_READ.
    static let wantsToRead: Int32 = 2
    /// SSL_ERROR_ZERO_RETURN.
    static let isAtEnd: Int32 = 6
}
