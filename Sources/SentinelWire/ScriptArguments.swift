// SPDX-License-Identifier: Apache-2.0

package import SentinelCore

extension ScriptCall {
    /// The words a script gets after its own path.
    ///
    /// - Source: spec/monitoring.md 9a.
    package var arguments: [String] {
        switch self {
        case .notification(let event):
            let text = EventText(event)
            return [text.name, text.payload]
        case .reconfiguration(let name, let isLeader, let from, let to):
            return [
                name.text, isLeader ? "leader" : "observer", "start", from.host, "\(from.port)", to.host, "\(to.port)",
            ]
        }
    }
}

extension ScriptEnd {
    /// Exit code and signal as the events show them; 99 stands for a process that could not be made.
    var numbers: (code: Int32, signal: Int32) {
        switch self {
        case .exited(let code): (code, 0)
        case .killed(let signal): (0, signal)
        case .notStarted: (0, 99)
        }
    }
}
