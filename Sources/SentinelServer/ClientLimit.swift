// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore

/// How many clients there can be, given how many descriptors the process may have.
///
/// - Source: the log of Debian's redis-sentinel 7.0.15 under various limits. Other than the original, which leaves no
///   room for links, those of the configured masters are added to what is asked for, and reserved connections; where
///   the limit is too low, it is clients that are let in no more, not links and saves that fail.
enum ClientLimit {
    /// Descriptors that are not those of clients: files, listeners, what the event loop needs.
    private static let reserved = 32
    /// A guess at the links and scripts of one master.
    private static let perMaster = 16

    /// Raises the limit of the process as far as `maxclients` wants it and the system lets it.
    ///
    /// - Returns: As many clients as fit, `maxclients` at most.
    /// - Throws: When there is no room for any.
    static func settle(_ configuration: Configuration, log: Logger) throws(Listeners.Refusal) -> Int {
        let wanted = configuration.server.maxClients
        let before = DescriptorLimit.current
        let spare = ConnectionSlots.reserve + perMaster * configuration.sentinel.masters.count
        let needed = wanted + reserved + spare
        let error = DescriptorLimit.raise(to: needed)
        let limit = DescriptorLimit.current
        if limit >= needed {
            if limit > before {
                log.write(
                    .notice,
                    "Increased maximum number of open files to \(limit) (it was originally set to \(before)).")
            }
            return wanted
        }
        guard limit > reserved else {
            throw Listeners.Refusal(
                text: "Your current 'ulimit -n' of \(limit) is not enough for the server to start. Please increase "
                    + "your open file limit to at least \(needed). Exiting.")
        }
        let clients = fitting(wanted, limit: limit, spare: spare)
        log.write(
            .warning, "You requested maxclients of \(wanted) requiring at least \(needed) max file descriptors.")
        log.write(
            .warning,
            "Server can't set maximum open files to \(needed) because of OS error: \(error?.message ?? "unknown").")
        log.write(
            .warning,
            "Current maximum open files is \(limit). maxclients has been reduced to \(clients) to compensate "
                + "for low ulimit. If you need higher maxclients increase 'ulimit -n'.")
        return clients
    }

    /// As many clients as there is room for beside everything else; one in any case.
    ///
    /// - Parameter spare: Descriptors that links and reserved connections may need.
    static func fitting(_ wanted: Int, limit: Int, spare: Int) -> Int {
        max(1, min(wanted, limit - reserved - spare))
    }
}
