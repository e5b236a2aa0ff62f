// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration

/// The local address of links to data nodes and sentinels, as `bind-source-addr` has it.
struct LinkSource {
    /// With port 0, the first of each family.
    private let addresses: [SocketAddress.Family: SocketAddress]
    /// Why what is configured is not used, in a sentence for the log.
    let warning: String?

    /// Looks a name up, which may take its time: for the start.
    init(_ settings: ServerSettings) {
        let host = settings.bindSourceAddress
        guard !host.isEmpty else {
            addresses = [:]
            warning = nil
            return
        }
        switch Resolver.resolveNow(host, port: 0) {
        case .success(let found):
            addresses = Dictionary(found.map { ($0.family, $0) }, uniquingKeysWith: { first, _ in first })
            warning = nil
        case .failure(let error):
            addresses = [:]
            warning = "bind-source-addr '\(host)' has no address (\(error)): links start from where their route leads"
        }
    }

    /// Where a link to `target` starts; `nil` where the route decides, as it does for the family that has no address.
    func address(to target: SocketAddress) -> SocketAddress? { addresses[target.family] }
}
