// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Testing

@testable import EventLoop

extension `Event loop` {
    @Suite struct `The end of a connection` {
        @Test func `comes after all data`() async throws {
            try await withPair { client, clientEnd, server, _ in
                let content = pattern(3 << 20)
                server.write(content)
                server.closeAfterFlush()
                try await eventually { !clientEnd.closes.isEmpty }
                #expect(clientEnd.received == content)
                #expect(clientEnd.closes == [.endOfStream])
                #expect(!client.isOpen)
            }
        }

        /// Whoever says goodbye and reads nothing would occupy descriptors that nobody counts.
        @Test func `is at once where very many others have not been read`() async throws {
            let server = try TestServer()
            defer { server.close() }
            let ends = (0..<140).map { _ in Recorder() }
            for end in ends { _ = Connection(connectingTo: try server.address, delegate: end) }
            try await eventually { server.connections.count == ends.count }
            let before = openDescriptors().count
            for connection in server.connections {
                connection.write(bytes("last words"))
                connection.closeAfterFlush()
            }
            // Nothing has been sent yet but by those that are one too many.
            #expect(before - openDescriptors().count == 140 - 128)
            try await eventually { ends.allSatisfy { $0.closes == [.endOfStream] } }
            #expect(ends.allSatisfy { $0.received == bytes("last words") })
            #expect(Poller.main.finishingCount == 0)
        }

        @Test func `takes along what was written just before`() async throws {
            try await withPair { _, clientEnd, server, _ in
                server.write(bytes("last order"))
                server.closeAfterSending()
                #expect(!server.isOpen)
                try await eventually { !clientEnd.closes.isEmpty }
                #expect(clientEnd.received == bytes("last order"))
            }
        }

        @Test func `comes after all data that was left unread for long`() async throws {
            try await withPair { client, clientEnd, server, serverEnd in
                client.pauseReading()
                let content = pattern(100_000)
                server.write(content)
                server.closeAfterFlush()
                try await eventually { !server.isOpen && server.backlogBytes == 0 }
                await turns(5)
                #expect(clientEnd.received.isEmpty)
                client.resumeReading()
                try await eventually { !clientEnd.closes.isEmpty }
                #expect(clientEnd.received == content)
                #expect(serverEnd.closes.isEmpty)
            }
        }

        @Test func `comes after all data though sending has failed meanwhile`() async throws {
            try await withTemporaryDirectory { directory throws in
                let server = try TestServer(SocketAddress(unixPath: directory + "/socket"))
                defer { server.close() }
                let recorder = Recorder()
                let client = Connection(connectingTo: try server.address, delegate: recorder)
                try await eventually { recorder.connects == 1 && server.connections.count == 1 }
                client.pauseReading()
                server.connections[0].write(bytes("last words"))
                server.connections[0].closeAfterFlush()
                await turns(2)
                client.write(bytes("anybody there?"))
                await turns(5)
                #expect(recorder.closes.isEmpty)
                client.resumeReading()
                try await eventually { !recorder.closes.isEmpty }
                #expect(recorder.received == bytes("last words"))
                #expect(recorder.closes == [.failed(SystemError(call: "send", errno: EPIPE))])
            }
        }

        /// A read that fills the buffer is followed by another, which meets the end before the reply was sent.
        @Test func `that comes together with a request leaves time for the reply`() async throws {
            let server = try TestServer()
            defer { server.close() }
            let socket = try System.streamSocket(.ipv4)
            defer { System.close(socket) }
            try System.startConnecting(socket, to: server.address)
            try await eventually { server.connections.count == 1 }
            server.connections[0].pauseReading()
            let request = pattern(Poller.main.readBuffer.count)
            var sent = 0
            try await eventually {
                let transfer = request[sent...].withUnsafeBytes { bytes in try? System.send(socket, bytes) }
                if case .bytes(let count) = transfer { sent += count }
                return sent == request.count
            }
            shutdown(socket.number, Int32(SHUT_WR))
            await turns(5)
            server.recorder.onReceive = { connection, _ in
                if server.recorder.received.count == request.count { connection.write(bytes("reply")) }
            }
            server.connections[0].resumeReading()
            try await eventually { server.recorder.closes == [.endOfStream] }
            #expect(server.recorder.received == request)
            // Sent is not yet arrived, over loopback neither.
            var reply = [UInt8](repeating: 0, count: 100)
            try await eventually { (try? System.readSome(socket, into: &reply)) == .bytes(5) }
            #expect(reply.prefix(5) == bytes("reply")[...])
        }

        @Test func `comes with half of it`() async throws {
            let server = try TestServer()
            defer { server.close() }
            let socket = try System.streamSocket(.ipv4)
            try System.startConnecting(socket, to: server.address)
            try await eventually { server.connections.count == 1 }
            shutdown(socket.number, Int32(SHUT_WR))
            try await eventually { server.recorder.closes == [.endOfStream] }
            System.close(socket)
        }

        @Test func `by the owner is told to the other end only`() async throws {
            try await withPair { client, clientEnd, _, serverEnd in
                client.write(bytes("lost"))
                client.close()
                client.write(bytes("dropped"))
                client.close()
                client.closeAfterFlush()
                client.resumeReading()
                try await eventually { serverEnd.closes.count == 1 }
                await turns(5)
                #expect(clientEnd.closes.isEmpty)
                #expect(serverEnd.received.isEmpty)
                #expect(client.backlogBytes == 0)
                #expect(client.localAddress == nil)
            }
        }

        @Test func `after flushing with nothing to send is at once`() async throws {
            try await withPair { client, clientEnd, _, serverEnd in
                client.closeAfterFlush()
                try await eventually { serverEnd.closes == [.endOfStream] }
                #expect(clientEnd.closes.isEmpty)
            }
        }

        @Test func `can be made when it connects`() async throws {
            let server = try TestServer()
            defer { server.close() }
            let recorder = Recorder()
            recorder.onConnect = { $0.close() }
            let client = Connection(connectingTo: try server.address, delegate: recorder)
            client.write(bytes("too late"))
            try await eventually { server.recorder.closes.count == 1 }
            #expect(recorder.connects == 1)
            #expect(recorder.closes.isEmpty)
            #expect(server.recorder.received.isEmpty)
        }

        @Test func `can be made when data comes`() async throws {
            try await withPair { client, clientEnd, server, serverEnd in
                serverEnd.onReceive = { connection, _ in
                    connection.write(bytes("never sent"))
                    connection.close()
                }
                client.write(pattern(1 << 20))
                try await eventually { !clientEnd.closes.isEmpty }
                #expect(serverEnd.chunks == 1)
                #expect(serverEnd.closes.isEmpty)
                #expect(clientEnd.received.isEmpty)
                #expect(!server.isOpen)
            }
        }

        @Test func `can be made again when it is told`() async throws {
            try await withPair { client, clientEnd, server, _ in
                clientEnd.onClose = { connection in
                    connection.write(bytes("x"))
                    connection.close()
                    connection.closeAfterFlush()
                }
                server.close()
                try await eventually { clientEnd.closes == [.endOfStream] }
                await turns(5)
                #expect(clientEnd.closes == [.endOfStream])
                #expect(!client.isOpen)
            }
        }

        @Test func `can be made when the backlog is sent`() async throws {
            try await withPair { client, clientEnd, server, serverEnd in
                clientEnd.onDrain = { $0.close() }
                server.pauseReading()
                client.write(pattern(8 << 20))
                await turns(5)
                server.resumeReading()
                try await eventually { serverEnd.closes == [.endOfStream] }
                #expect(serverEnd.received.count == 8 << 20)
                #expect(clientEnd.drains == 1)
                #expect(clientEnd.closes.isEmpty)
            }
        }

        @Test func `of one connection can be made in the callback of another`() async throws {
            try await withPair { first, firstEnd, firstServer, _ in
                try await withPair { second, secondEnd, secondServer, _ in
                    // Both become readable before either is handled; whoever is first closes the other.
                    firstEnd.onReceive = { _, _ in second.close() }
                    secondEnd.onReceive = { _, _ in first.close() }
                    firstServer.write(bytes("a"))
                    secondServer.write(bytes("b"))
                    try await eventually { firstEnd.chunks + secondEnd.chunks > 0 }
                    await turns(5)
                    #expect(firstEnd.chunks + secondEnd.chunks == 1)
                    #expect(first.isOpen != second.isOpen)
                }
            }
        }
    }
}
