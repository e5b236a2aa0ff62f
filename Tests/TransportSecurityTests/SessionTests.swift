// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration
import TestCertificates
import Testing

@testable import EventLoop
@testable import TransportSecurity

extension `Transport security` {
    @Suite struct Sessions {
        /// Two ends made of these, after all they have to say to each other.
        private func ends(
            of server: TLS, _ client: TLS
        ) throws -> (
            client: any StreamSecurity, server: any StreamSecurity, clientResult: Result<Bool, SecurityFailure>,
            serverResult: Result<Bool, SecurityFailure>
        ) {
            let clientEnd = try #require(client.makeClientSecurity())
            let serverEnd = server.makeServerSecurity()
            let results = exchange(clientEnd, serverEnd)
            return (clientEnd, serverEnd, results.client, results.server)
        }

        @Test func `carry bytes both ways, whole and one by one`() throws {
            let tls = try makeTLS()
            let (client, server, clientResult, serverResult) = try ends(of: tls, tls)
            #expect(clientResult == .success(true) && serverResult == .success(true))
            let message = pattern(200_000)
            try deliver(seal(message, client), to: server)
            #expect(try openAll(server) == message)
            let wire = try seal(Array("hello".utf8), server)
            var opened: [UInt8] = []
            for byte in wire.withUnsafeBytes({ Array($0) }) {
                try receive([byte], client)
                opened += try openAll(client)
            }
            #expect(opened == Array("hello".utf8))
        }

        /// Whoever used the library in this thread before may have left an error behind.
        @Test func `take no error for theirs that another call left`() throws {
            let tls = try makeTLS()
            let (client, server, _, _) = try ends(of: tls, tls)
            let library = try #require(SharedLibrary(anyOf: OpenSSL.names))
            typealias OpenFile = @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>) -> OpaquePointer?
            let openFile: OpenFile = try library.function("BIO_new_file")
            func leaveAnError() { #expect(openFile("/nowhere/at/all", "r") == nil) }

            // Half a record: the rest is waited for, which the library tells like an error.
            let wire = try seal(Array("hello".utf8), client).withUnsafeBytes { Array($0) }
            try receive(Array(wire.prefix(wire.count / 2)), server)
            leaveAnError()
            #expect(try openAll(server).isEmpty)
            try receive(Array(wire.dropFirst(wire.count / 2)), server)
            leaveAnError()
            #expect(try openAll(server) == Array("hello".utf8))

            // The same in the middle of a handshake.
            let other = tls.makeServerSecurity()
            try receive([22, 3, 1, 2, 0, 1], other)
            leaveAnError()
            #expect(try !other.shakeHands())
        }

        @Test func `say goodbye`() throws {
            let tls = try makeTLS()
            let (client, server, _, _) = try ends(of: tls, tls)
            client.sayGoodbye()
            try pass(from: client, to: server)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 16)
            defer { buffer.deallocate() }
            #expect(try server.open(into: buffer) == .endOfStream)
        }

        @Test func `demand a certificate of clients, unless told otherwise`() throws {
            let anonymous = try makeTLS {
                $0.port = 0
                $0.certificateFile = ""
                $0.keyFile = ""
            }
            let (client, _, _, strict) = try ends(of: makeTLS(), anonymous)
            #expect(strict == .failure(.failed("peer did not return a certificate")))
            // With TLS 1.3 the client hears of it after its own part of the handshake.
            #expect(throws: SecurityFailure.failed("the other end refuses: certificate required")) { () throws in
                _ = try openAll(client)
            }
            for choice in [ClientAuthentication.optional, .no] {
                let (_, _, clientResult, serverResult) = try ends(
                    of: makeTLS { $0.clientAuthentication = choice }, anonymous)
                #expect(clientResult == .success(true) && serverResult == .success(true), "\(choice)")
            }
        }

        @Test func `refuse certificates of an authority they do not trust`() throws {
            let files = try certificates()
            let stranger = try makeTLS {
                $0.clientCertificateFile = files["stranger.crt"]
                $0.clientKeyFile = files["stranger.key"]
            }
            for choice in [ClientAuthentication.yes, .optional] {
                let (_, _, _, result) = try ends(of: makeTLS { $0.clientAuthentication = choice }, stranger)
                guard case .failure(.failed(let text)) = result else {
                    Issue.record("accepted with \(choice)")
                    continue
                }
                #expect(text.hasPrefix("the certificate of the other end is not accepted: "))
            }
            let (_, _, ignored, _) = try ends(of: makeTLS { $0.clientAuthentication = .no }, stranger)
            #expect(ignored == .success(true))

            let impostor = try makeTLS {
                $0.certificateFile = files["stranger.crt"]
                $0.keyFile = files["stranger.key"]
                $0.clientAuthentication = .no
            }
            let (_, _, result, _) = try ends(of: impostor, makeTLS())
            guard case .failure(.failed(let text)) = result else {
                Issue.record("a server nobody vouches for is accepted")
                return
            }
            #expect(text.hasPrefix("the certificate of the other end is not accepted: "))
        }

        @Test(arguments: ["TLSv1.2", "TLSv1.3"])
        func `speak the protocols they are told to`(name: String) throws {
            let one = try makeTLS { $0.protocols = name }
            let (client, _, result, _) = try ends(of: one, makeTLS())
            #expect(result == .success(true))
            #expect((client as? Session)?.version == name)
            let other = try makeTLS { $0.protocols = name == "TLSv1.2" ? "TLSv1.3" : "TLSv1.2" }
            let (_, _, _, refused) = try ends(of: one, other)
            guard case .failure = refused else {
                Issue.record("agreed without a protocol in common")
                return
            }
        }

        @Test func `use the ciphers they are told to`() throws {
            let server = try makeTLS {
                $0.protocols = "TLSv1.2"
                $0.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"
            }
            let other = try makeTLS { $0.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" }
            let (_, _, _, refused) = try ends(of: server, other)
            #expect(refused == .failure(.failed("no shared cipher")))
            let same = try makeTLS { $0.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384" }
            let (_, _, _, accepted) = try ends(of: server, same)
            #expect(accepted == .success(true))
        }

        @Test func `recognise plaintext by its first byte`() throws {
            let tls = try makeTLS()
            #expect(throws: SecurityFailure.plaintext) { () throws in
                try receive(Array("PING\r\n".utf8), tls.makeServerSecurity())
            }
            let client = try #require(tls.makeClientSecurity())
            #expect(throws: SecurityFailure.plaintext) { () throws in
                try receive(Array("-ERR unknown command\r\n".utf8), client)
            }
        }

        @Test func `fail on garbage inside what looks like TLS`() throws {
            let tls = try makeTLS()
            let server = tls.makeServerSecurity()
            try receive([22, 3, 1, 0, 5] + pattern(5), server)
            #expect(throws: SecurityFailure.self) { () throws in _ = try server.shakeHands() }
            let (client, other, _, _) = try ends(of: tls, tls)
            try receive([23, 3, 3, 0, 40] + pattern(40), other)
            #expect(throws: SecurityFailure.self) { () throws in _ = try openAll(other) }
            client.end()
            #expect(try openAll(client) == [])
        }

        @Test func `of a reloaded TLS use the new certificate, those made before keep theirs`() throws {
            let files = try certificates()
            let directory = files.directory
            try copy(files["server.crt"], to: "\(directory)/moving.crt")
            try copy(files["server.key"], to: "\(directory)/moving.key")
            let server = try makeTLS {
                $0.certificateFile = "\(directory)/moving.crt"
                $0.keyFile = "\(directory)/moving.key"
                $0.clientAuthentication = .no
            }
            let (client, serverEnd, _, _) = try ends(of: server, makeTLS())
            try copy(files["stranger.crt"], to: "\(directory)/moving.crt")
            #expect(throws: TLSError.self) { () throws in try server.reload() }
            let (_, _, afterFailure, _) = try ends(of: server, makeTLS())
            #expect(afterFailure == .success(true))
            try copy(files["stranger.key"], to: "\(directory)/moving.key")
            try server.reload()
            let (_, _, afterReload, _) = try ends(of: server, makeTLS())
            #expect(afterReload != .success(true))
            let trusting = try makeTLS { $0.authorityFile = files["other-ca.crt"] }
            let (_, _, trusted, _) = try ends(of: server, trusting)
            #expect(trusted == .success(true))
            try deliver(seal([1, 2, 3], client), to: serverEnd)
            #expect(try openAll(serverEnd) == [1, 2, 3])
        }
    }
}
