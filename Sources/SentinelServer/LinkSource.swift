// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration

/// The local address of links to data nodes and sentinels, as `bind-source-addr` has it.
struct LinkSource {
    /// With port 0; `nil` where the route decides.
    let address: SocketAddress?
    /// Why what is configured is not used, in a sentence for the log.
    let warning: String?

    /// Looks a name up, which may take its time: for the start. Of several addresses the first counts.
    init(_ settings: ServerSettings) {
        let host = settings.bindSourceAddress
        guard !host.isEmpty else {
            address = nil
            warning = nil
            return
        }
        switch Resolver.resolveNow(host, port: 0) {
        case .success(let addresses):
            address = addresses.first
            warning = nil
        case .failure(let error):
            address = nil
            warning = "bind-source-addr '\(host)' has no address (\(error)): links start from where their route leads"
        }
    }
}
