// SPDX-License-Identifier: Apache-2.0

package import EventLoop
package import SentinelConfiguration

/// The TLS of a process, as its configuration has it.
///
/// - Source: spec/config-and-process.md 3, spec/monitoring.md 2.
package final class TLS {
    private let settings: TLSSettings
    private let library: OpenSSL
    private var contexts: Contexts

    /// One for each direction that is in use.
    private struct Contexts {
        var server: SecurityContext?
        var client: SecurityContext?

        init(_ settings: TLSSettings, _ library: OpenSSL) throws(TLSError) {
            if settings.port != 0 { server = try SecurityContext.server(settings, library) }
            guard settings.isUsedForLinks else { return }
            do throws(TLSError) {
                client = try SecurityContext.client(settings, library)
            } catch {
                server?.end()
                throw error
            }
        }

        func end() {
            server?.end()
            client?.end()
        }
    }

    /// Loads the library and everything the settings name; `nil` where they ask for no TLS, and then nothing is loaded.
    ///
    /// - Throws: In one sentence for an operator, which file or directive is wrong and how.
    package static func load(_ settings: TLSSettings) throws(TLSError) -> TLS? {
        guard settings.port != 0 || settings.isUsedForLinks else { return nil }
        return try TLS(settings)
    }

    private init(_ settings: TLSSettings) throws(TLSError) {
        try Self.check(settings)
        self.settings = settings
        library = try OpenSSL.load()
        contexts = try Contexts(settings, library)
    }

    /// Reads certificates, keys and authorities again: new connections use them, those that stand are not touched.
    ///
    /// - Throws: What is wrong; everything stays as it was then.
    package func reload() throws(TLSError) {
        let fresh = try Contexts(settings, library)
        contexts.end()
        contexts = fresh
    }

    /// Which OpenSSL it is.
    package var libraryText: String { library.versionText }

    /// What an operator should know about the certificates, each file once.
    package var warnings: [String] {
        let certificates = (contexts.server?.certificates ?? []) + (contexts.client?.certificates ?? [])
        var seen: Set<String> = []
        return certificates.compactMap(\.warning).filter { seen.insert($0).inserted }
    }

    /// The security of a connection that came in on the TLS port.
    package func makeServerSecurity() -> any StreamSecurity {
        guard let context = contexts.server else {
            preconditionFailure("connections come in only where there is a TLS port")
        }
        return Session(library, context, isServer: true)
    }

    /// The security of an outgoing connection; `nil` where those are plain.
    package func makeClientSecurity() -> (any StreamSecurity)? {
        contexts.client.map { Session(library, $0, isServer: false) }
    }

    /// Whether all that belongs together is there.
    private static func check(_ settings: TLSSettings) throws(TLSError) {
        let isListening = settings.port != 0
        if isListening, settings.certificateFile.isEmpty {
            throw .missing("tls-cert-file", because: "tls-port needs a certificate")
        }
        if !settings.certificateFile.isEmpty, settings.keyFile.isEmpty {
            throw .missing("tls-key-file", because: "the certificate of tls-cert-file needs its key")
        }
        if !settings.clientCertificateFile.isEmpty, settings.clientKeyFile.isEmpty {
            throw .missing("tls-client-key-file", because: "the certificate of tls-client-cert-file needs its key")
        }
        guard settings.authorityFile.isEmpty, settings.authorityDirectory.isEmpty else { return }
        if settings.isUsedForLinks {
            throw .missing(
                "tls-ca-cert-file (or tls-ca-cert-dir)", because: "tls-replication has to know whom to trust")
        }
        if isListening, settings.clientAuthentication != .no {
            throw .missing(
                "tls-ca-cert-file (or tls-ca-cert-dir)",
                because: "without authorities to trust, tls-auth-clients has to be no")
        }
    }
}
