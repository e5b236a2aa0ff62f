// SPDX-License-Identifier: Apache-2.0

import AccessControl
import CommandCatalogue
import RESP

extension Client {
    /// One letter for each thing that is unusual about it, or `N`.
    private var flags: String {
        let letters =
            (isSubscribed ? "P" : "") + (isRequestPostponed ? "b" : "")
            + (tracking.map { $0.isBroadcast ? "tB" : "t" } ?? "") + (isOnUnixSocket ? "U" : "") + (isSpared ? "e" : "")
        return letters.isEmpty ? "N" : letters
    }

    /// The client as CLIENT LIST shows it.
    ///
    /// - Source: spec/commands.md 4.4.
    var line: String { line(longestName: .max) }

    /// The same for logs, with no more of the names that it has given itself than can be meant.
    var shortLine: String { line(longestName: AccessLog.longestName) }

    /// Bytes that the original keeps in one element of a client's list of replies.
    private static let replyListElement = 16_384

    private func line(longestName: Int) -> String {
        func cut(_ name: String) -> String { String(name.prefix(longestName)) }
        let command = lastCommand?.fullName ?? "NULL"
        let backlogLength = (backlogBytes + Self.replyListElement - 1) / Self.replyListElement
        let fields: [(String, String)] = [
            ("id", "\(id)"), ("addr", address), ("laddr", localAddress), ("fd", "\(descriptorNumber)"),
            ("name", cut(name)),
            ("age", "\(ageSeconds)"), ("idle", "\(idleSeconds)"), ("flags", flags), ("db", "0"),
            ("sub", "\(channels.count)"), ("psub", "\(patterns.count)"), ("ssub", "0"), ("multi", "-1"), ("watch", "0"),
            ("qbuf", "\(bufferedBytes)"), ("qbuf-free", "0"), ("argv-mem", "0"), ("multi-mem", "0"), ("rbs", "0"),
            ("rbp", "0"), ("obl", "0"), ("oll", "\(backlogLength)"), ("omem", "\(backlogBytes)"),
            ("tot-mem", "\(bufferedBytes + backlogBytes)"),
            ("events", "r"), ("cmd", command), ("user", "\(user)"), ("redir", "\(tracking?.redirection ?? -1)"),
            ("resp", "\(encoder.version.rawValue)"),
            ("lib-name", cut(libraryName)), ("lib-ver", cut(libraryVersion)),
        ]
        return fields.map { "\($0)=\($1)" }.joined(separator: " ")
    }
}
