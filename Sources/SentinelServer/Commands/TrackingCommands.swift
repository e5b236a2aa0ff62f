// SPDX-License-Identifier: Apache-2.0

import RESP

/// What CLIENT TRACKING asked for. A sentinel has no keys, so it is only remembered and told.
struct Tracking: Equatable {
    var isBroadcast = false
    var optsIn = false
    var optsOut = false
    var skipsOwnChanges = false
    /// Another client that is to be told; 0 for none.
    var redirection = 0
    /// In the order given; one that is empty stands for all keys.
    var prefixes: [[UInt8]] = []
    /// Whether CLIENT CACHING was sent.
    var isCachingDecided = false

    /// The words of CLIENT TRACKINGINFO.
    var flags: [String] {
        var flags = ["on"]
        if isBroadcast { flags.append("bcast") }
        if optsIn { flags.append("optin") }
        if optsIn, isCachingDecided { flags.append("caching-yes") }
        if optsOut { flags.append("optout") }
        if optsOut, isCachingDecided { flags.append("caching-no") }
        if skipsOwnChanges { flags.append("noloop") }
        return flags
    }
}

/// CLIENT TRACKING, TRACKINGINFO and CACHING.
///
/// - Source: spec/commands.md 4.4; the order of the checks and their texts as redis-sentinel 7.0.15 has them.
enum TrackingCommands {
    /// Each is compared with each other one, and nothing ever comes of them.
    private static let mostPrefixes = 256

    static func tracking(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        var wanted = Tracking()
        if let error = read(request, port, into: &wanted) { return port.refuse(client, error) }
        if request.matches(2, "off") {
            client.tracking = nil
        } else {
            guard request.matches(2, "on") else { return port.refuse(client, "ERR syntax error") }
            if let error = refusal(of: wanted, after: client.tracking) { return port.refuse(client, error) }
            if wanted.isBroadcast {
                if wanted.prefixes.isEmpty, client.tracking == nil { wanted.prefixes = [[]] }
                wanted.prefixes = (client.tracking?.prefixes ?? []) + wanted.prefixes
            }
            client.tracking = wanted
        }
        client.encoder.simple("OK")
    }

    /// Reads the options; returns an error to reply.
    private static func read(_ request: RESP.Request, _ port: ClientPort, into wanted: inout Tracking) -> ErrorText? {
        var index = 3
        while index < request.count {
            let hasValue = index + 1 < request.count
            if request.matches(index, "redirect"), hasValue {
                index += 1
                guard wanted.redirection == 0 else { return "ERR A client can only redirect to a single other client" }
                guard let id = Int(strictDecimal: request[index]) else {
                    return "ERR value is not an integer or out of range"
                }
                guard port.client(id) != nil else { return "ERR The client ID you want redirect to does not exist" }
                wanted.redirection = id
            } else if request.matches(index, "bcast") {
                wanted.isBroadcast = true
            } else if request.matches(index, "optin") {
                wanted.optsIn = true
            } else if request.matches(index, "optout") {
                wanted.optsOut = true
            } else if request.matches(index, "noloop") {
                wanted.skipsOwnChanges = true
            } else if request.matches(index, "prefix"), hasValue {
                index += 1
                wanted.prefixes.append(Array(request[index]))
            } else {
                return "ERR syntax error"
            }
            index += 1
        }
        return nil
    }

    /// Why options can't stand together, or not after what is set already.
    private static func refusal(of wanted: Tracking, after current: Tracking?) -> ErrorText? {
        if !wanted.isBroadcast, !wanted.prefixes.isEmpty {
            return "ERR PREFIX option requires BCAST mode to be enabled"
        }
        if let current, current.isBroadcast != wanted.isBroadcast {
            return """
                ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling \
                it with a different mode.
                """
        }
        if wanted.isBroadcast, wanted.optsIn || wanted.optsOut {
            return "ERR OPTIN and OPTOUT are not compatible with BCAST"
        }
        if wanted.optsIn, wanted.optsOut { return "ERR You can't specify both OPTIN mode and OPTOUT mode" }
        if let current, wanted.optsIn && current.optsOut || wanted.optsOut && current.optsIn {
            return """
                ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling \
                it with a different mode.
                """
        }
        let before = current?.prefixes ?? []
        guard before.count + wanted.prefixes.count <= mostPrefixes else { return "ERR too many prefixes" }
        return overlap(wanted.prefixes, after: before)
    }

    private static func overlap(_ prefixes: [[UInt8]], after current: [[UInt8]]) -> ErrorText? {
        func overlaps(_ one: [UInt8], _ other: [UInt8]) -> Bool { one.starts(with: other) || other.starts(with: one) }
        for (index, prefix) in prefixes.enumerated() {
            if let old = current.first(where: { overlaps($0, prefix) }) {
                return """
                    ERR Prefix '\(prefix)' overlaps with an existing prefix '\(old)'. Prefixes for a single client must \
                    not overlap.
                    """
            }
            if let other = prefixes[(index + 1)...].first(where: { overlaps($0, prefix) }) {
                return """
                    ERR Prefix '\(prefix)' overlaps with another provided prefix '\(other)'. Prefixes for a single client \
                    must not overlap.
                    """
            }
        }
        return nil
    }

    static func information(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        let flags = client.tracking?.flags ?? ["off"]
        client.encoder.mapHeader(3)
        client.encoder.bulk("flags")
        client.encoder.setHeader(flags.count)
        for flag in flags { client.encoder.bulk(flag) }
        client.encoder.bulk("redirect")
        client.encoder.integer(client.tracking?.redirection ?? -1)
        client.encoder.bulk("prefixes")
        let prefixes = client.tracking?.prefixes ?? []
        client.encoder.arrayHeader(prefixes.count)
        for prefix in prefixes { client.encoder.bulk(prefix) }
    }

    static func caching(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        guard let tracking = client.tracking else {
            return port.refuse(
                client,
                """
                ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode \
                enabled
                """)
        }
        if request.matches(2, "yes") {
            guard tracking.optsIn else {
                return port.refuse(
                    client, "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
            }
        } else if request.matches(2, "no") {
            guard tracking.optsOut else {
                return port.refuse(
                    client, "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
            }
        } else {
            return port.refuse(client, "ERR syntax error")
        }
        client.tracking?.isCachingDecided = true
        client.encoder.simple("OK")
    }
}
