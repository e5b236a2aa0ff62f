// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration

/// What process lists are to show, made from `proc-title-template`.
///
/// - Source: spec/config-and-process.md 3; the variables' values, and that spaces at both ends go, are what Debian's
///   redis-sentinel 7.0.15 shows.
struct ProcessTitleText {
    let text: String

    /// - Parameters:
    ///   - settings: With a template that was found to be good when it was read.
    ///   - program: As it was called.
    init(_ settings: ServerSettings, program: String, configurationFile: String) {
        let values = [
            "title": program, "listen-addr": Self.listeningAddress(settings), "server-mode": "[sentinel]",
            "port": "\(settings.port)", "tls-port": "\(settings.tls.port)", "unixsocket": settings.unixSocket,
            "config-file": configurationFile,
        ]
        var text = ""
        var rest = settings.processTitleTemplate[...]
        while let opening = rest.firstIndex(of: "{") {
            text += rest[..<opening]
            rest = rest[rest.index(after: opening)...]
            if rest.first == "{" {
                text += "{"
                rest = rest.dropFirst()
            } else if let closing = rest.firstIndex(of: "}") {
                text += values[String(rest[..<closing])] ?? ""
                rest = rest[rest.index(after: closing)...]
            }
        }
        text += rest
        let start = text.firstIndex { $0 != " " } ?? text.endIndex
        let end = text.lastIndex { $0 != " " }.map { text.index(after: $0) } ?? start
        self.text = String(text[start..<end])
    }

    /// The first address, the port at all of them, or the Unix socket.
    private static func listeningAddress(_ settings: ServerSettings) -> String {
        let port = settings.portForPeople
        guard port != 0 || settings.unixSocket.isEmpty else { return "unixsocket:\(settings.unixSocket)" }
        guard let first = settings.bindAddresses.first else { return "*:\(port)" }
        return "\(first.isOptional ? "-" : "")\(first.host):\(port)"
    }
}
