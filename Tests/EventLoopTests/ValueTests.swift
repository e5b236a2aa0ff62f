// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EventLoop

extension `Event loop` {
    @Suite struct `A socket address` {
        @Test(arguments: [
            ("127.0.0.1", "127.0.0.1:26379"), ("0.0.0.0", "0.0.0.0:26379"), ("::1", "[::1]:26379"),
            ("2001:DB8:0:0::5", "[2001:db8::5]:26379"), ("255.254.253.252", "255.254.253.252:26379"),
        ])
        func `is read from numbers and shown`(host: String, text: String) throws {
            let address = try #require(SocketAddress(numericHost: host, port: 26379))
            #expect(address.description == text)
            #expect(address.port == 26379)
            #expect(SocketAddress(numericHost: address.host, port: 26379) == address)
        }

        @Test(arguments: ["", "localhost", "1.2.3", "1.2.3.256", "::1\0", "127.0.0.1\0x", "fe80::1%", "::1%nosuchzone"])
        func `is not read from anything else`(host: String) {
            #expect(SocketAddress(numericHost: host, port: 1) == nil)
        }

        @Test(arguments: ["127.0.0.1", "fe80::1%1", "::"])
        func `survives its C form`(host: String) throws {
            let address = try #require(SocketAddress(numericHost: host, port: 65535))
            #expect(throughC(address) == address)
        }

        @Test func `of a path survives its C form, up to the longest`() throws {
            let longest = "/" + String(repeating: "x", count: 106)
            let address = try #require(SocketAddress(unixPath: longest))
            #expect(throughC(address) == address)
            #expect(address.host == longest)
            #expect(address.port == nil)
            #expect(SocketAddress(unixPath: longest + "x") == nil)
            #expect(SocketAddress(unixPath: "") == nil)
        }

        @Test func `of the abstract name space survives its C form, without the byte that ends a path`() throws {
            let address = try #require(SocketAddress(abstractName: "name"))
            #expect(throughC(address) == address)
            #expect(address.host == "@name")
            #expect(address.withSocketAddress { _, length in length } == 2 + 5)
            #expect(SocketAddress(abstractName: "") == nil)
            #expect(SocketAddress(abstractName: String(repeating: "x", count: 108)) == nil)
        }

        private func throughC(_ address: SocketAddress) -> SocketAddress? {
            address.withSocketAddress { pointer, length in
                SocketAddress(copying: pointer, length: Int(length))
            }
        }
    }

    @Suite struct `An output buffer` {
        @Test func `gives back what was put in, however it is taken`() {
            let content = pattern(200_000)
            for (put, take) in [(1_000, 700), (50_000, 49_999), (7, 7), (200_000, 1_000)] {
                var buffer = OutputBuffer()
                var taken: [UInt8] = []
                var position = 0
                while taken.count < content.count {
                    let end = min(position + put, content.count)
                    content[position..<end].withUnsafeBytes { buffer.append($0) }
                    position = end
                    let count = min(take, buffer.count)
                    buffer.withUnsafeBytes { taken.append(contentsOf: $0[..<count]) }
                    buffer.removeFirst(count)
                    #expect(buffer.count == position - taken.count)
                }
                #expect(taken == content)
                #expect(buffer.isEmpty)
            }
        }
    }
}
