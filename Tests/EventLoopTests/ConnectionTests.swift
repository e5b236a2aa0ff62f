// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Testing

@testable import EventLoop

extension `Event loop` {
    @Suite struct `A connection` {
        @Test(arguments: ["127.0.0.1", "::1", "unix"])
        func `is echoed over every family`(host: String) async throws {
            try await withTemporaryDirectory { directory throws in
                let address =
                    host == "unix"
                    ? SocketAddress(unixPath: directory + "/socket") : SocketAddress(numericHost: host, port: 0)
                let server = try TestServer(address)
                defer { server.close() }
                server.recorder.onReceive = { connection, bytes in connection.write(bytes) }
                let recorder = Recorder()
                let client = Connection(
                    connectingTo: try server.address,
                    options: ConnectionOptions(keepAliveIdleSeconds: 60, userTimeoutMilliseconds: 5_000),
                    delegate: recorder)
                client.write(bytes("written before it is connected, "))
                #expect(!client.isOpen)
                try await eventually { recorder.connects == 1 }
                #expect(client.isOpen)
                client.write(bytes("and after"))
                try await eventually { recorder.received == bytes("written before it is connected, and after") }
                #expect(client.remoteAddress == (try server.address))
                if host != "unix" { #expect(server.connections[0].remoteAddress == client.localAddress) }
                #expect(client.backlogBytes == 0)
                client.close()
                try await eventually { server.recorder.closes == [.endOfStream] }
                #expect(recorder.closes.isEmpty)
            }
        }

        @Test func `sends what is written in one turn in one piece`() async throws {
            try await withPair { client, _, _, serverEnd in
                for _ in 0..<1_000 { client.write(bytes("PING\r\n")) }
                #expect(client.backlogBytes == 6_000)
                try await eventually { serverEnd.received.count == 6_000 }
                #expect(serverEnd.chunks == 1)
            }
        }

        @Test func `carries ten megabytes to a slow reader`() async throws {
            try await withPair { client, clientEnd, server, serverEnd in
                let content = pattern(10 << 20)
                server.pauseReading()
                client.write(content)
                try await eventually { client.backlogBytes < content.count }
                await turns(5)
                #expect(client.backlogBytes > 1 << 20)
                #expect(clientEnd.drains == 0)
                #expect(serverEnd.received.isEmpty)
                client.write(bytes("end"))
                serverEnd.onReceive = { connection, _ in
                    connection.pauseReading()
                    DispatchQueue.main.async { connection.resumeReading() }
                }
                server.resumeReading()
                try await eventually { serverEnd.received.count == content.count + 3 }
                #expect(serverEnd.received == content + bytes("end"))
                #expect(client.backlogBytes == 0)
                #expect(clientEnd.drains == 1)
            }
        }

        @Test func `leaves no descriptor behind, five hundred times`() async throws {
            let server = try TestServer()
            defer { server.close() }
            let recorder = Recorder()
            await turns(1)
            let before = openDescriptors().count
            for round in 1...5 {
                let clients = try (0..<100).map { _ in Connection(connectingTo: try server.address, delegate: recorder)
                }
                try await eventually {
                    recorder.connects == round * 100 && server.connections.count == round * 100
                }
                for client in clients { client.close() }
                try await eventually { server.recorder.closes.count == round * 100 }
                try await eventually { openDescriptors().count == before }
            }
        }

        @Test func `tells a refused connect as its end`() async throws {
            let server = try TestServer()
            let address = try server.address
            server.close()
            let recorder = Recorder()
            let client = Connection(connectingTo: address, delegate: recorder)
            #expect(recorder.closes.isEmpty)
            try await eventually { !recorder.closes.isEmpty }
            #expect(recorder.closes == [.connectFailed(SystemError(call: "connect", errno: ECONNREFUSED))])
            #expect(!client.isOpen)
        }

        @Test func `tells a failure before connecting as its end, too`() async throws {
            let recorder = Recorder()
            let missing = try #require(SocketAddress(unixPath: "/nonexistent/socket"))
            let client = Connection(connectingTo: missing, delegate: recorder)
            #expect(recorder.closes.isEmpty)
            try await eventually { !recorder.closes.isEmpty }
            #expect(recorder.closes == [.connectFailed(SystemError(call: "connect", errno: ENOENT))])
            let foreign = try #require(SocketAddress(numericHost: "192.0.2.1", port: 0))
            let second = Connection(connectingTo: foreign, from: foreign, delegate: recorder)
            try await eventually { recorder.closes.count == 2 }
            #expect(recorder.closes[1] == .connectFailed(SystemError(call: "bind", errno: EADDRNOTAVAIL)))
            client.close()
            second.close()
        }

        @Test func `says nothing of a failure once closed`() async throws {
            let recorder = Recorder()
            let missing = try #require(SocketAddress(unixPath: "/nonexistent/socket"))
            Connection(connectingTo: missing, delegate: recorder).close()
            await turns(5)
            #expect(recorder.closes.isEmpty)
        }

        @Test func `leaves from the address it is given`() async throws {
            let server = try TestServer()
            defer { server.close() }
            let recorder = Recorder()
            let source = try #require(SocketAddress(numericHost: "127.0.0.2", port: 0))
            let client = Connection(connectingTo: try server.address, from: source, delegate: recorder)
            try await eventually { recorder.connects == 1 && !server.connections.isEmpty }
            #expect(client.localAddress?.host == "127.0.0.2")
            #expect(server.connections[0].remoteAddress?.host == "127.0.0.2")
            client.close()
        }

        @Test func `to itself counts as refused`() async throws {
            let server = try TestServer()
            let address = try server.address
            server.close()
            let recorder = Recorder()
            let client = Connection(connectingTo: address, from: address, delegate: recorder)
            try await eventually { !recorder.closes.isEmpty }
            #expect(recorder.connects == 0)
            #expect(recorder.closes == [.connectFailed(SystemError(call: "connect", errno: ECONNREFUSED))])
            client.close()
        }
    }
}
