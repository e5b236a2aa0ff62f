// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a web server on this host answers to one GET, headers and all.
func page(_ path: String, port: UInt16, within limit: Duration = .seconds(5)) throws -> String {
    let descriptor = loopbackSocket()
    defer { close(descriptor) }
    // Each call may take that long; the answer comes in a few.
    var wait = timeval(tv_sec: Int(limit.components.seconds), tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(descriptor, SOL_SOCKET, option, &wait, socklen_t(MemoryLayout<timeval>.size))
    }
    let connected = withLoopbackAddress(port) { connect(descriptor, $0, $1) }
    guard connected == 0 else { throw NotReached(description: "nobody answers at port \(port)") }
    // In HTTP/1.0 the end of the connection is the end of the answer.
    let request = Array("GET \(path) HTTP/1.0\r\n\r\n".utf8)
    guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
        throw NotReached(description: "the request for \(path) was not taken")
    }
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count == 0 { return String(decoding: answer, as: UTF8.self) }
        guard count > 0 else { throw NotReached(description: "\(path) at port \(port): errno \(errno)") }
        answer += chunk[..<count]
    }
}
