// SPDX-License-Identifier: Apache-2.0

/// The system's log, spoken to over its socket.
///
/// The C library's `syslog` waits when the log's daemon is behind, and would hold up the loop; here a message is
/// dropped then.
/// - Source: RFC 3164 4.1, in the form the C library sends it.
package nonisolated struct SystemLog: Sendable {
    /// The raw values are those of the protocol.
    package enum Severity: Int, Sendable {
        case warning = 4
        case notice, info, debug
    }

    #if os(Linux)
        package static let standardPath = "/dev/log"
    #else
        package static let standardPath = "/var/run/syslog"
    #endif

    private let identity: String
    private let facility: Int
    private let sender: DatagramSender?

    /// - Parameter facility: The number of the protocol: 1 for user, 16...23 for local0 to local7.
    package init(identity: String, facility: Int, path: String = standardPath) {
        self.identity = identity
        self.facility = facility
        sender = SocketAddress(unixPath: path).map { DatagramSender(to: $0) }
    }

    package func write(_ severity: Severity, _ text: String) {
        let priority = facility * 8 + severity.rawValue
        try? sender?.send("<\(priority)>\(LocalTime().syslogText) \(identity)[\(ProcessFacts.id)]: \(text)")
    }
}
