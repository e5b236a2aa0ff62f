// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop
import SentinelConfiguration
import TransportSecurity

/// TLS between the sentinels and their clients, with one certificate for all, made for the occasion.
struct Security {
    let tls: TLS
    private let settings: TLSSettings

    /// Has the `openssl` program make the certificate, in the directory of all that is started.
    static func make(in benchmark: Benchmark) async throws(BenchmarkError) -> Security {
        let directory = benchmark.fleet.makeDirectory("security")
        let script = #"""
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=benchmark \
                -keyout "$0/key.pem" -out "$0/certificate.pem" && echo made || echo failed
            exec sleep 60
            """#
        let maker = try benchmark.launch("certificate", program: "/bin/sh", arguments: ["-c", script, directory])
        try await wait(for: "a certificate", seconds: 30) { ["made", "failed"].contains(maker.lastWords.last) }
        await maker.end()
        var settings = TLSSettings()
        settings.isUsedForLinks = true
        settings.certificateFile = "\(directory)/certificate.pem"
        settings.keyFile = "\(directory)/key.pem"
        settings.authorityFile = settings.certificateFile
        do throws(TLSError) {
            guard let tls = try TLS.load(settings) else { throw .failed("no TLS was asked for") }
            return Security(tls: tls, settings: settings)
        } catch {
            throw .unexpected("\(error)")
        }
    }

    /// What makes a sentinel listen in TLS alone; its links stay plain, as the data nodes are.
    func lines(port: UInt16) -> [String] {
        [
            "port 0", "tls-port \(port)", "tls-cert-file \(settings.certificateFile)",
            "tls-key-file \(settings.keyFile)", "tls-ca-cert-file \(settings.authorityFile)",
        ]
    }
}
