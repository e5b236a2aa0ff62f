// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration
import TestCertificates
import Testing

@testable import EventLoop
@testable import TransportSecurity

extension `Transport security` {
    @Suite struct Connections {
        @Test func `carry much both ways, however slowly it is taken`() async throws {
            try await withPair { client, clientEnd, server, serverEnd in
                let message = pattern(4 << 20)
                client.write(message)
                server.pauseReading()
                server.write(message)
                try await eventually { clientEnd.received.count == message.count }
                #expect(clientEnd.received == message)
                #expect(client.backlogBytes > 0 && serverEnd.received.count < message.count)
                server.resumeReading()
                try await eventually { serverEnd.received.count == message.count }
                #expect(serverEnd.received == message)
                #expect(client.backlogBytes == 0 && clientEnd.drains >= 1)
            }
        }

        @Test func `pause in the middle of what was read and go on where they were`() async throws {
            try await withPair { client, _, server, serverEnd in
                var pauses = 0
                serverEnd.onReceive = { connection in
                    connection.pauseReading()
                    pauses += 1
                    Task { connection.resumeReading() }
                }
                let message = pattern(300_000)
                client.write(message)
                try await eventually { serverEnd.received.count == message.count }
                #expect(serverEnd.received == message && pauses > 10)
                _ = server
            }
        }

        @Test func `end with a goodbye once all is sent`() async throws {
            try await withPair { client, clientEnd, server, _ in
                let message = pattern(400_000)
                server.write(message)
                server.closeAfterFlush()
                try await eventually { clientEnd.closes.count == 1 }
                #expect(clientEnd.received == message)
                #expect(clientEnd.closes == [.endOfStream])
                _ = client
            }
        }

        @Test func `answer a request that the other end's goodbye came with`() async throws {
            try await withPair { client, clientEnd, server, serverEnd in
                server.pauseReading()
                client.write(pattern(1_000))
                try await eventually { client.backlogBytes == 0 }
                client.security?.sayGoodbye()
                client.security?.speak(into: &client.output)
                client.flush()
                let reply = pattern(100_000)
                serverEnd.onReceive = { $0.write(reply) }
                server.resumeReading()
                try await eventually { serverEnd.closes == [.endOfStream] && clientEnd.closes == [.endOfStream] }
                #expect(serverEnd.received == pattern(1_000) && clientEnd.received == reply)
            }
        }

        @Test func `may close in the middle of what was read`() async throws {
            try await withPair { client, clientEnd, server, serverEnd in
                serverEnd.onReceive = { $0.close() }
                client.write(pattern(300_000))
                try await eventually { clientEnd.closes.count == 1 }
                #expect(serverEnd.received.count <= 16 * 1024 && serverEnd.closes == [])
                _ = server
            }
        }

        @Test func `tell why they could not be secured`() async throws {
            let files = try certificates()
            let server = try SecureServer(
                makeTLS {
                    $0.certificateFile = files["stranger.crt"]
                    $0.keyFile = files["stranger.key"]
                })
            defer { server.close() }
            let end = Recorder()
            let client = try connect(to: server, end)
            defer { client.close() }
            try await eventually { end.closes.count == 1 && server.failures.count == 1 }
            #expect(end.connects == 0)
            #expect(end.closes[0].description.hasPrefix("TLS: the certificate of the other end is not accepted: "))
            #expect(server.failures[0] == .insecure(.failed("the other end refuses: unknown ca")))
        }

        @Test func `recognise plaintext on either side`() async throws {
            let secure = try SecureServer(makeTLS())
            defer { secure.close() }
            let end = Recorder()
            let plain = Connection(connectingTo: try secure.address, delegate: end)
            defer { plain.close() }
            plain.write(Array("PING\r\n".utf8))
            try await eventually { secure.failures == [.insecure(.plaintext)] && end.closes.count == 1 }
            #expect(end.received == [])

            var accepted: [Connection] = []
            let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))
            let listener = try Listener(on: address) { connection in
                connection.write(Array("-ERR what is that?\r\n".utf8))
                accepted.append(connection)
            }
            defer {
                listener.close()
                for connection in accepted { connection.close() }
            }
            let secureEnd = Recorder()
            let client = Connection(
                connectingTo: listener.localAddress, security: try makeTLS().makeClientSecurity(), delegate: secureEnd)
            defer { client.close() }
            try await eventually { secureEnd.closes == [.insecure(.plaintext)] }
        }

        @Test func `have a time limit for the handshake`() async throws {
            let handshakes = Poller.main.handshakes
            let limit = handshakes.limitNanoseconds
            handshakes.limitNanoseconds = 50_000_000
            defer { handshakes.limitNanoseconds = limit }
            let server = try SecureServer(makeTLS())
            defer { server.close() }
            let end = Recorder()
            let silent = Connection(connectingTo: try server.address, delegate: end)
            defer { silent.close() }
            try await eventually { end.closes.count == 1 }
            #expect(server.failures == [.insecure(.timedOut)])
            #expect(handshakes.count == 0)
        }

        @Test func `that only wait give way to newer ones`() async throws {
            let server = try SecureServer(makeTLS(), capacity: 3)
            defer { server.close() }
            let ends = (0..<5).map { _ in Recorder() }
            var silent: [Connection] = []
            defer { for connection in silent { connection.close() } }
            for end in ends {
                silent.append(Connection(connectingTo: try server.address, delegate: end))
                try await eventually { end.connects == 1 }
            }
            let end = Recorder()
            let client = try connect(to: server, end)
            defer { client.close() }
            try await eventually { end.connects == 1 && server.failures.count == 3 }
            #expect(server.failures.allSatisfy { $0 == .insecure(.crowdedOut) })
            try await eventually { ends.prefix(3).allSatisfy { $0.closes.count == 1 } }
            #expect(ends.suffix(2).allSatisfy { $0.closes.isEmpty })
        }

        @Test func `survive three hundred ends and leave no descriptor behind`() async throws {
            let tls = try makeTLS()
            let server = try SecureServer(tls)
            let before = openDescriptorCount()
            for round in 0..<300 {
                let end = Recorder()
                let client = try connect(to: server, end, by: tls)
                // At every stage: before the handshake, in it, after it.
                if round % 3 == 0 {
                    try await eventually { end.connects == 1 }
                    client.write([1, 2, 3])
                }
                if round % 3 == 1 { try await eventually { client.isSecuring || end.connects == 1 } }
                client.close()
            }
            for connection in server.connections { connection.close() }
            try await eventually { openDescriptorCount() <= before && Poller.main.handshakes.count == 0 }
            server.close()
        }
    }
}
