// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestCertificates

/// TLS for servers and clients of the tests: whose certificates they show, and that everybody has to show one.
struct Security: Sendable {
    let certificates: Certificates

    init() throws { certificates = try Certificates.shared.get() }

    /// What a configuration file says to listen on `port`: on a TLS port where there is security.
    static func portLines(_ port: UInt16, _ security: Security?) -> String {
        guard let security else { return "port \(port)" }
        return "port 0\ntls-port \(port)\ntls-replication yes\n\(security.fileLines())"
    }

    /// The files of a server; links have another certificate.
    func fileLines(certificate: String = "server", key: String? = nil) -> String {
        """
        tls-cert-file \(certificates["\(certificate).crt"])
        tls-key-file \(certificates["\(key ?? certificate).key"])
        tls-client-cert-file \(certificates["client.crt"])
        tls-client-key-file \(certificates["client.key"])
        tls-ca-cert-file \(certificates["ca.crt"])
        tls-auth-clients yes
        """
    }

    /// What `redis-cli` and `redis-benchmark` want to be told.
    var clientArguments: [String] {
        [
            "--tls", "--cert", certificates["client.crt"], "--key", certificates["client.key"], "--cacert",
            certificates["ca.crt"],
        ]
    }

    /// A socket whose other end is `openssl s_client`, connected to `port`.
    func tunnel(to port: UInt16, _ more: [String] = []) throws -> (descriptor: Int32, process: Tunnel) {
        var ends: [Int32] = [-1, -1]
        #if os(Linux)
            let type = Int32(SOCK_STREAM.rawValue)
        #else
            let type = SOCK_STREAM
        #endif
        precondition(socketpair(AF_UNIX, type, 0, &ends) == 0, "no pair of sockets: errno \(errno)")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        let arguments =
            ["s_client", "-quiet", "-no_ign_eof", "-connect", "127.0.0.1:\(port)", "-verify_return_error"]
            + ["-cert", certificates["client.crt"], "-key", certificates["client.key"]]
            + ["-CAfile", certificates["ca.crt"]] + more
        do {
            return (ends[0], try Tunnel(Programs.installed("openssl"), arguments, socket: ends[1]))
        } catch {
            close(ends[0])
            throw error
        }
    }
}

/// A program between a socket of the test and a server.
final class Tunnel {
    private var pid: pid_t?

    init(_ executable: String, _ arguments: [String], socket: Int32) throws {
        let pid = try spawn(
            executable, arguments, input: socket, isInputAlsoOutput: true, output: "/dev/null", errors: "/dev/null")
        Guardian.shared.watch(pid)
        self.pid = pid
    }

    deinit { end() }

    func end() {
        guard let pid else { return }
        self.pid = nil
        _ = Foundation.kill(pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        Guardian.shared.forget(pid)
    }
}
