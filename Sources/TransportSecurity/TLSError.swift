// SPDX-License-Identifier: Apache-2.0

/// Why TLS cannot be had as it is configured; one sentence each, none with a pass phrase in it.
package nonisolated enum TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    case libraryMissing
    /// A library is there but lacks something.
    case libraryUnusable(String, function: String)
    /// A directive that others make necessary.
    case missing(String, because: String)
    case badFile(directive: String, path: String, why: String)
    case badValue(directive: String, value: String, why: String)
    /// The library would not, for a reason of its own.
    case failed(String)

    package var description: String {
        switch self {
        case .libraryMissing:
            "TLS is asked for, but there is no OpenSSL: none of \(OpenSSL.names.joined(separator: ", ")) can be loaded; "
                + "install OpenSSL 3 (package libssl3 on Debian)"
        case .libraryUnusable(let name, let function):
            "\(name) is no OpenSSL that can be used: it has no \(function); install OpenSSL 3"
        case .missing(let directive, let why): "\(directive) is missing: \(why)"
        case .badFile(let directive, let path, let why): "\(directive) \(path): \(why)"
        case .badValue(let directive, let value, let why): "\(directive) \"\(value)\": \(why)"
        case .failed(let why): why
        }
    }
}
