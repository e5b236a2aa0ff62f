// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration

/// What is to be in the file, at one moment.
nonisolated struct RememberedState: Sendable {
    /// As it should be in the file, but for the users.
    let configuration: Configuration
    /// Where they are others than when the process started.
    let users: RememberedUsers?

    /// What is to be written, given what the file holds now. Takes its time, and is meant to be called beside the loop.
    func saved(over old: [UInt8]) -> [UInt8] {
        var configuration = configuration
        if let users { configuration.server.users = users.declarations }
        return configuration.saved(over: old)
    }

    /// Permissions of a file that was not there before.
    var modeOfNewFile: UInt16 {
        let hasUsers = users.map { !$0.isEmpty } ?? false
        return configuration.holdsSecrets || hasUsers || !configuration.server.stateFile.isEmpty ? 0o600 : 0o644
    }
}
