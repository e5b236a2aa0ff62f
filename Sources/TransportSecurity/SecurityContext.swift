// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore

/// What the sessions of one direction share: certificate, key, authorities and rules.
///
/// Sessions keep what they were made of, so ending a context that was replaced touches none of them.
final class SecurityContext {
    /// A certificate and its key, and the directives they come from.
    struct Credentials {
        var certificateDirective: String
        var certificateFile: String
        var keyDirective: String
        var keyFile: String
        var passPhraseDirective: String
        var passPhrase: Secret?
    }

    let pointer: OpaquePointer
    /// All certificates it was made of.
    private(set) var certificates: [Certificate] = []
    private let library: OpenSSL

    private init(_ library: OpenSSL) throws(TLSError) {
        guard let pointer = library.SSL_CTX_new(library.TLS_method()) else {
            throw .failed("OpenSSL makes no context: \(library.takeReason() ?? "no reason given")")
        }
        self.pointer = pointer
        self.library = library
    }

    func end() { library.SSL_CTX_free(pointer) }

    /// For connections that come in.
    static func server(_ settings: TLSSettings, _ library: OpenSSL) throws(TLSError) -> SecurityContext {
        try make(library) { context throws(TLSError) in
            try context.applyCommon(settings)
            try context.use(settings.credentials)
            try context.trust(settings)
            let mode =
                switch settings.clientAuthentication {
                case .no: Verification.none
                case .optional: Verification.peer
                case .yes: Verification.peer | Verification.mustHaveCertificate
                }
            context.verify(mode)
            context.cacheSessions(settings)
            try context.useDiffieHellman(settings.dhParametersFile)
            if settings.prefersServerCiphers { context.set(Option.serverPreference) }
        }
    }

    /// For connections that go out: the other end has to be one that an authority of ours knows.
    static func client(_ settings: TLSSettings, _ library: OpenSSL) throws(TLSError) -> SecurityContext {
        try make(library) { context throws(TLSError) in
            try context.applyCommon(settings)
            if !settings.linkCredentials.certificateFile.isEmpty { try context.use(settings.linkCredentials) }
            try context.trust(settings)
            context.verify(Verification.peer)
        }
    }

    private static func make(
        _ library: OpenSSL, _ prepare: (SecurityContext) throws(TLSError) -> Void
    ) throws(TLSError) -> SecurityContext {
        library.ERR_clear_error()
        let context = try SecurityContext(library)
        do throws(TLSError) {
            try prepare(context)
        } catch {
            context.end()
            throw error
        }
        return context
    }

    // MARK: Rules

    private func applyCommon(_ settings: TLSSettings) throws(TLSError) {
        set(Option.noCompression | Option.noRenegotiation | Option.noSSL3)
        control(Control.mode, Mode.releaseBuffers | Mode.movingBuffer)
        try allow(settings.protocols)
        if !settings.ciphers.isEmpty, library.SSL_CTX_set_cipher_list(pointer, settings.ciphers) != 1 {
            throw bad("tls-ciphers", settings.ciphers)
        }
        if !settings.cipherSuites.isEmpty, library.SSL_CTX_set_ciphersuites(pointer, settings.cipherSuites) != 1 {
            throw bad("tls-ciphersuites", settings.cipherSuites)
        }
    }

    /// - Parameter protocols: Names between spaces; empty for TLS 1.2 and 1.3.
    private func allow(_ protocols: String) throws(TLSError) {
        let names = protocols.split(separator: " ").map { $0.lowercased() }
        let wanted = names.isEmpty ? ["tlsv1.2", "tlsv1.3"] : names
        for name in wanted where Option.protocols[name] == nil {
            throw .badValue(
                directive: "tls-protocols", value: protocols,
                why: "has to be made of TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3")
        }
        if !names.isEmpty { control(Control.minimumProtocol, 0) }
        for (name, option) in Option.protocols where !wanted.contains(name) { set(option) }
    }

    private func verify(_ mode: Int32) { library.SSL_CTX_set_verify(pointer, mode, nil) }

    /// Without caching no tickets are given out either, which would do the same on the client's side.
    private func cacheSessions(_ settings: TLSSettings) {
        let name = Array("swift-sentinel".utf8)
        _ = library.SSL_CTX_set_session_id_context(pointer, name, UInt32(name.count))
        guard settings.cachesSessions else {
            control(Control.sessionCacheMode, SessionCache.off)
            set(Option.noTicket)
            _ = library.SSL_CTX_set_num_tickets(pointer, 0)
            return
        }
        control(Control.sessionCacheMode, SessionCache.server)
        control(Control.sessionCacheSize, settings.sessionCacheSize)
        _ = library.SSL_CTX_set_timeout(pointer, settings.sessionCacheTimeout)
    }

    private func useDiffieHellman(_ path: String) throws(TLSError) {
        guard !path.isEmpty else { return control(Control.automaticDiffieHellman, 1) }
        let contents = try read("tls-dh-params-file", path)
        let isUsed = contents.withUnsafeBytes { bytes -> Bool in
            guard let source = library.BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return false
            }
            defer { _ = library.BIO_free(source) }
            return useDiffieHellman(from: source)
        }
        guard isUsed else { throw bad("tls-dh-params-file", file: path) }
    }

    private func useDiffieHellman(from source: OpaquePointer) -> Bool {
        if let use = library.SSL_CTX_set0_tmp_dh_pkey {
            guard let parameters = library.PEM_read_bio_Parameters(source, nil) else { return false }
            if use(pointer, parameters) == 1 { return true }
            library.EVP_PKEY_free(parameters)
            return false
        }
        guard let read = library.PEM_read_bio_DHparams, let free = library.DH_free,
            let parameters = read(source, nil, givePassPhrase, nil)
        else { return false }
        defer { free(parameters) }
        return library.SSL_CTX_ctrl(pointer, Control.diffieHellman, 0, UnsafeMutableRawPointer(parameters)) == 1
    }

    // MARK: Files

    private func use(_ credentials: Credentials) throws(TLSError) {
        let contents = try read(credentials.certificateDirective, credentials.certificateFile)
        guard library.SSL_CTX_use_certificate_chain_file(pointer, credentials.certificateFile) == 1 else {
            throw bad(credentials.certificateDirective, file: credentials.certificateFile, "is no certificate: ")
        }
        let chain = library.certificates(
            in: contents, directive: credentials.certificateDirective, path: credentials.certificateFile)
        if let own = chain.first, own.isExpired {
            throw .badFile(
                directive: credentials.certificateDirective, path: credentials.certificateFile,
                why: "the certificate has expired")
        }
        certificates += chain
        try useKey(credentials)
    }

    private func useKey(_ credentials: Credentials) throws(TLSError) {
        let contents = try read(credentials.keyDirective, credentials.keyFile)
        var passPhrase = credentials.passPhrase.map { $0.reveal() + [0] }
        library.SSL_CTX_set_default_passwd_cb(pointer, givePassPhrase)
        let isUsed = passPhrase.withMutableBytes { secret in
            library.SSL_CTX_set_default_passwd_cb_userdata(pointer, secret)
            defer { library.SSL_CTX_set_default_passwd_cb_userdata(pointer, nil) }
            return library.SSL_CTX_use_PrivateKey_file(pointer, credentials.keyFile, OpenSSL.pem) == 1
        }
        guard isUsed, library.SSL_CTX_check_private_key(pointer) == 1 else {
            let reason = library.takeReason() ?? "no reason given"
            throw .badFile(
                directive: credentials.keyDirective, path: credentials.keyFile,
                why: Self.complaint(about: credentials, isUsed: isUsed, reason, contents))
        }
    }

    /// Why a key that could be read is of no use.
    private static func complaint(
        about credentials: Credentials, isUsed: Bool, _ reason: String, _ contents: [UInt8]
    ) -> String {
        if isUsed || reason.contains("mismatch") {
            return "is not the key of the certificate in \(credentials.certificateFile)"
        }
        if String(decoding: contents, as: UTF8.self).contains("ENCRYPTED") {
            return credentials.passPhrase == nil
                ? "needs a pass phrase, and \(credentials.passPhraseDirective) gives none"
                : "the pass phrase of \(credentials.passPhraseDirective) is wrong"
        }
        return "is no private key: \(reason)"
    }

    private func trust(_ settings: TLSSettings) throws(TLSError) {
        let (file, directory) = (settings.authorityFile, settings.authorityDirectory)
        if !file.isEmpty {
            let contents = try read("tls-ca-cert-file", file)
            guard library.SSL_CTX_load_verify_locations(pointer, file, nil) == 1 else {
                throw bad("tls-ca-cert-file", file: file, "holds no certificates: ")
            }
            certificates += library.certificates(in: contents, directive: "tls-ca-cert-file", path: file)
        }
        guard !directory.isEmpty else { return }
        guard library.SSL_CTX_load_verify_locations(pointer, nil, directory) == 1 else {
            throw bad("tls-ca-cert-dir", file: directory)
        }
        if file.isEmpty, ProcessFacts.paths(matching: "\(directory)/*.[0-9]").isEmpty {
            throw .badFile(
                directive: "tls-ca-cert-dir", path: directory,
                why: "holds no certificates under the names `openssl rehash` gives them")
        }
    }

    private func read(_ directive: String, _ path: String) throws(TLSError) -> [UInt8] {
        do throws(SystemError) {
            return try FileReplacement.readFile(path)
        } catch {
            throw .badFile(directive: directive, path: path, why: error.message)
        }
    }

    // MARK: The library's ways

    private func bad(_ directive: String, file path: String, _ prefix: String = "") -> TLSError {
        .badFile(directive: directive, path: path, why: prefix + (library.takeReason() ?? "no reason given"))
    }

    private func bad(_ directive: String, _ value: String) -> TLSError {
        .badValue(directive: directive, value: value, why: library.takeReason() ?? "nothing in it is known")
    }

    private func set(_ options: UInt64) { _ = library.SSL_CTX_set_options(pointer, options) }
    private func control(_ command: Int32, _ value: Int) { _ = library.SSL_CTX_ctrl(pointer, command, value, nil) }
}

extension TLSSettings {
    fileprivate var credentials: SecurityContext.Credentials {
        SecurityContext.Credentials(
            certificateDirective: "tls-cert-file", certificateFile: certificateFile, keyDirective: "tls-key-file",
            keyFile: keyFile, passPhraseDirective: "tls-key-file-pass", passPhrase: keyPassword)
    }

    /// Those of outgoing links: their own, or else the same as for incoming ones.
    fileprivate var linkCredentials: SecurityContext.Credentials {
        guard !clientCertificateFile.isEmpty else { return credentials }
        return SecurityContext.Credentials(
            certificateDirective: "tls-client-cert-file", certificateFile: clientCertificateFile,
            keyDirective: "tls-client-key-file", keyFile: clientKeyFile,
            passPhraseDirective: "tls-client-key-file-pass", passPhrase: clientKeyPassword)
    }
}

extension [UInt8]? {
    /// Calls `body` with the bytes' address, or `nil` without any; they are wiped afterwards.
    fileprivate mutating func withMutableBytes<Result>(_ body: (UnsafeMutableRawPointer?) -> Result) -> Result {
        guard var bytes = self else { return body(nil) }
        self = nil
        return bytes.withUnsafeMutableBytes { buffer in
            defer { buffer.initializeMemory(as: UInt8.self, repeating: 0) }
            return body(buffer.baseAddress)
        }
    }
}

// MARK: - Numbers of OpenSSL's headers, which 1.1.1 and 3 share

extension OpenSSL {
    /// SSL_FILETYPE_PEM.
    fileprivate static let pem: Int32 = 1
}

/// SSL_VERIFY_….
private enum Verification {
    static let none: Int32 = 0
    static let peer: Int32 = 1
    static let mustHaveCertificate: Int32 = 2
}

/// SSL_OP_….
private enum Option {
    static let noTicket: UInt64 = 1 << 14
    static let noCompression: UInt64 = 1 << 17
    static let serverPreference: UInt64 = 1 << 22
    static let noSSL3: UInt64 = 1 << 25
    static let noRenegotiation: UInt64 = 1 << 30

    /// What switches a protocol off.
    static let protocols: [String: UInt64] = [
        "tlsv1": 1 << 26, "tlsv1.1": 1 << 28, "tlsv1.2": 1 << 27, "tlsv1.3": 1 << 29,
    ]
}

/// SSL_MODE_….
private enum Mode {
    static let movingBuffer = 2
    static let releaseBuffers = 16
}

/// SSL_SESS_CACHE_….
private enum SessionCache {
    static let off = 0
    static let server = 2
}

/// SSL_CTRL_….
private enum Control {
    static let diffieHellman: Int32 = 3
    static let mode: Int32 = 33
    static let sessionCacheSize: Int32 = 42
    static let sessionCacheMode: Int32 = 44
    static let automaticDiffieHellman: Int32 = 118
    static let minimumProtocol: Int32 = 123
}
