// SPDX-License-Identifier: Apache-2.0

import Foundation
import SentinelConfiguration
import SentinelCore
import TestCertificates
import Testing

@testable import TransportSecurity

extension `Transport security` {
    @Suite struct Settings {
        /// The sentence that refuses what `change` makes of settings that would do.
        private func refusal(_ change: (inout TLSSettings) -> Void) throws -> String {
            let settings = try settings(change)
            do throws(TLSError) {
                _ = try TLS.load(settings)
                return "accepted"
            } catch {
                return error.description
            }
        }

        @Test func `without TLS nothing is loaded`() throws {
            #expect(try TLS.load(TLSSettings()) == nil)
        }

        @Test func `that fit are accepted`() throws {
            #expect(try refusal { _ in } == "accepted")
            #expect(try makeTLS().warnings == [])
            // `Tests/run` says so where it has another version loaded than the system's.
            let version = getenv("SENTINEL_TEST_OPENSSL").map { String(cString: $0) } ?? ""
            #expect(try makeTLS().libraryText.hasPrefix("OpenSSL \(version)"))
        }

        @Test func `name the file that cannot be read`() throws {
            #expect(
                try refusal { $0.certificateFile = "/nowhere/a.crt" }
                    == "tls-cert-file /nowhere/a.crt: No such file or directory")
            #expect(
                try refusal { $0.keyFile = "/nowhere/a.key" }
                    == "tls-key-file /nowhere/a.key: No such file or directory")
            #expect(
                try refusal { $0.authorityFile = "/nowhere/ca" }
                    == "tls-ca-cert-file /nowhere/ca: No such file or directory")
            #expect(
                try refusal { $0.dhParametersFile = "/nowhere/dh" }
                    == "tls-dh-params-file /nowhere/dh: No such file or directory")
        }

        @Test func `name the file that is something else`() throws {
            let garbage = try certificates()["garbage"]
            #expect(
                try refusal { $0.certificateFile = garbage }.hasPrefix("tls-cert-file \(garbage): is no certificate: "))
            #expect(try refusal { $0.keyFile = garbage }.hasPrefix("tls-key-file \(garbage): is no private key: "))
            #expect(
                try refusal { $0.authorityFile = garbage }.hasPrefix("tls-ca-cert-file \(garbage): holds no certif"))
            #expect(try refusal { $0.dhParametersFile = garbage }.hasPrefix("tls-dh-params-file \(garbage): "))
            let directory = try certificates().directory
            let empty = try refusal {
                $0.authorityFile = ""
                $0.authorityDirectory = directory
            }
            #expect(
                empty
                    == "tls-ca-cert-dir \(directory): holds no certificates under the names `openssl rehash` gives them"
            )
        }

        @Test func `name a key of another certificate`() throws {
            let files = try certificates()
            #expect(
                try refusal { $0.keyFile = files["client.key"] }
                    == "tls-key-file \(files["client.key"]): is not the key of the certificate in \(files["server.crt"])"
            )
            let rsa = try refusal {
                $0.clientCertificateFile = files["client.crt"]
                $0.clientKeyFile = files["server.key"]
            }
            #expect(
                rsa == "tls-client-key-file \(files["server.key"]): is not the key of the certificate in "
                    + files["client.crt"])
        }

        @Test func `say what is wrong with a pass phrase and never which it was`() throws {
            let files = try certificates()
            #expect(
                try refusal { $0.keyFile = files["locked.key"] }
                    == "tls-key-file \(files["locked.key"]): needs a pass phrase, and tls-key-file-pass gives none")
            let wrong = try refusal {
                $0.keyFile = files["locked.key"]
                $0.keyPassword = Secret("falsch")
            }
            #expect(wrong == "tls-key-file \(files["locked.key"]): the pass phrase of tls-key-file-pass is wrong")
            let right = try refusal {
                $0.keyFile = files["locked.key"]
                $0.keyPassword = Secret("geheim")
            }
            #expect(right == "accepted")
            let client = try refusal {
                $0.clientCertificateFile = files["server.crt"]
                $0.clientKeyFile = files["locked.key"]
                $0.clientKeyPassword = Secret("falsch")
            }
            #expect(
                client
                    == "tls-client-key-file \(files["locked.key"]): the pass phrase of tls-client-key-file-pass is wrong"
            )
        }

        @Test func `refuse a certificate that has expired and warn of one that soon will`() throws {
            let files = try certificates()
            let expired = try refusal {
                $0.certificateFile = files["expired.crt"]
                $0.keyFile = files["expired.key"]
            }
            #expect(expired == "tls-cert-file \(files["expired.crt"]): the certificate has expired")
            let soon = try makeTLS {
                $0.certificateFile = files["soon.crt"]
                $0.keyFile = files["soon.key"]
            }
            let start = "tls-cert-file \(files["soon.crt"]): a certificate in it expires in "
            // Twenty only within the second in which it was made.
            #expect(soon.warnings == ["\(start)19 days"] || soon.warnings == ["\(start)20 days"])
        }

        @Test func `say what is missing`() throws {
            #expect(try refusal { $0.certificateFile = "" } == "tls-cert-file is missing: tls-port needs a certificate")
            #expect(
                try refusal { $0.keyFile = "" }
                    == "tls-key-file is missing: the certificate of tls-cert-file needs its key")
            #expect(
                try refusal { $0.clientCertificateFile = $0.certificateFile }
                    == "tls-client-key-file is missing: the certificate of tls-client-cert-file needs its key")
            #expect(
                try refusal { $0.authorityFile = "" }
                    == "tls-ca-cert-file (or tls-ca-cert-dir) is missing: tls-replication has to know whom to trust")
            let listening = try refusal {
                $0.authorityFile = ""
                $0.isUsedForLinks = false
            }
            #expect(
                listening == "tls-ca-cert-file (or tls-ca-cert-dir) is missing: "
                    + "without authorities to trust, tls-auth-clients has to be no")
            let open = try refusal {
                $0.authorityFile = ""
                $0.isUsedForLinks = false
                $0.clientAuthentication = .no
            }
            #expect(open == "accepted")
            let linksOnly = try refusal {
                $0.port = 0
                $0.certificateFile = ""
                $0.keyFile = ""
            }
            #expect(linksOnly == "accepted")
        }

        @Test func `refuse protocols and ciphers nobody knows`() throws {
            #expect(
                try refusal { $0.protocols = "TLSv1.2 SSLv3" }
                    == "tls-protocols \"TLSv1.2 SSLv3\": has to be made of TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3")
            #expect(try refusal { $0.ciphers = "nonsense" }.hasPrefix("tls-ciphers \"nonsense\": "))
            #expect(try refusal { $0.cipherSuites = "nonsense" }.hasPrefix("tls-ciphersuites \"nonsense\": "))
        }

        @Test func `take parameters for Diffie-Hellman`() throws {
            let file = try certificates()["dh"]
            #expect(try refusal { $0.dhParametersFile = file } == "accepted")
        }

        @Test func `say what to install when there is no library`() {
            #expect(
                TLSError.libraryMissing.description
                    == "TLS is asked for, but there is no OpenSSL: none of \(OpenSSL.names.joined(separator: ", ")) can be "
                    + "loaded; install OpenSSL 3 (package libssl3 on Debian)")
            #expect(SharedLibrary(anyOf: ["libssl-of-nowhere.so.3"]) == nil)
        }
    }
}
