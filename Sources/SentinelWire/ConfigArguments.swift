// SPDX-License-Identifier: Apache-2.0

internal import RESP
internal import SentinelCore

/// The arguments of SENTINEL CONFIG, all checked before any is applied.
///
/// `SET tls-reload now`, ours, is an order rather than a setting, so it stands alone.
/// - Source: spec/commands.md 6.9, the form of 7.2 and later.
enum ConfigArguments {
    static func parse(_ request: RESP.Request) -> ParsedCommand {
        if request.matches(2, "get"), request.count >= 4 {
            return .command(.configuration(patterns: (3..<request.count).map { Array(request[$0]) }))
        }
        if request.matches(2, "set"), request.count == 5, request.matches(3, "tls-reload"), request.matches(4, "now") {
            return .reloadCertificates
        }
        if request.matches(2, "set"), request.count >= 4 { return set(request) }
        return .refused(
            """
            ERR Only SENTINEL CONFIG GET <param> [<param> <param> ...] / SET <param> <value> [<param> <value> ...] are \
            supported.
            """)
    }

    private static func set(_ request: RESP.Request) -> ParsedCommand {
        var options: [SentinelOption] = []
        var seen: Set<String> = []
        var index = 3
        while index < request.count {
            let name = request.text(index)
            guard SentinelOption.names.contains(name.lowercased()) else {
                return .refused("ERR Invalid argument '\(request[index])' to SENTINEL CONFIG SET")
            }
            guard seen.insert(name.lowercased()).inserted else {
                return .refused("ERR Duplicate argument '\(request[index])' to SENTINEL CONFIG SET")
            }
            guard index + 1 < request.count else { return .refused("ERR Missing argument '\(request[index])' value") }
            guard let option = SentinelOption(name.lowercased(), Array(request[index + 1])) else {
                return .refused("ERR Invalid value '\(request[index + 1])' to SENTINEL CONFIG SET '\(name)'")
            }
            options.append(option)
            index += 2
        }
        return .command(.configure(options))
    }
}

extension SentinelOption {
    /// In the order CONFIG GET shows them.
    static let names = [
        "resolve-hostnames", "announce-hostnames", "announce-ip", "announce-port", "sentinel-user", "sentinel-pass",
        "loglevel",
    ]

    fileprivate init?(_ name: String, _ value: [UInt8]) {
        // A password can be any bytes; the rest is text.
        guard let text = name == "sentinel-pass" ? "" : String(validating: value, as: UTF8.self) else { return nil }
        func yesOrNo() -> Bool? { ["yes": true, "no": false][text.lowercased()] }
        switch name {
        case "resolve-hostnames":
            guard let isOn = yesOrNo() else { return nil }
            self = .resolvesHostnames(isOn)
        case "announce-hostnames":
            guard let isOn = yesOrNo() else { return nil }
            self = .announcesHostnames(isOn)
        // An empty one unsets it; the original goes on announcing nothing. - Source: spec/defects.md 20.
        // Hellos are words between commas.
        case "announce-ip":
            guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f && $0 != "," }) else {
                return nil
            }
            self = .announceHost(text.isEmpty ? nil : text)
        case "announce-port":
            guard let port: Int64 = Decimal.strict(text), let port = UInt16(exactly: port) else { return nil }
            self = .announcePort(port)
        case "sentinel-user": self = .sentinelUser(text.isEmpty ? nil : text)
        case "sentinel-pass": self = .sentinelPassword(value.isEmpty ? nil : Secret(value))
        case "loglevel":
            guard let level = LogThreshold(rawValue: text.lowercased()) else { return nil }
            self = .logThreshold(level)
        default: return nil
        }
    }

    var name: String {
        switch self {
        case .resolvesHostnames: "resolve-hostnames"
        case .announcesHostnames: "announce-hostnames"
        case .announceHost: "announce-ip"
        case .announcePort: "announce-port"
        case .sentinelUser: "sentinel-user"
        case .sentinelPassword: "sentinel-pass"
        case .logThreshold: "loglevel"
        }
    }

    /// What CONFIG GET shows; the password in clear, as clients expect it.
    var shown: [UInt8] {
        switch self {
        case .resolvesHostnames(let isOn), .announcesHostnames(let isOn): Array((isOn ? "yes" : "no").utf8)
        case .announceHost(let text), .sentinelUser(let text): Array((text ?? "").utf8)
        case .announcePort(let port): Array(String(port).utf8)
        case .sentinelPassword(let password): password?.reveal() ?? []
        case .logThreshold(let level): Array(level.rawValue.utf8)
        }
    }
}
