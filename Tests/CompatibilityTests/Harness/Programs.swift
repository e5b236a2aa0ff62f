// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Which sentinel plays a part: the one of this package or Debian's `redis-sentinel`.
enum SentinelProgram: String, Sendable, CustomStringConvertible, CaseIterable {
    case ours, original

    var description: String { rawValue }

    /// - Throws: `.missing` when the program is not there. A missing server fails the tests, it never skips them.
    func path() throws -> String {
        switch self {
        case .ours:
            return try ProcessInfo.processInfo.environment["SENTINEL_BINARY"] ?? Programs.built("redis-sentinel")
        case .original: return try Programs.installed("redis-sentinel")
        }
    }

    /// Whether it is the original that runs, be it as a stand-in for ours (SENTINEL_BINARY).
    var isOriginalBinary: Bool {
        get throws { try path() == Programs.installed("redis-sentinel") }
    }
}

enum Programs {
    /// The repository that the tests were built from.
    static let repository = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { path, _ in
        path.deletingLastPathComponent()
    }.path

    /// Where SwiftPM put the test bundle, and beside it the executables.
    static var buildDirectory: String {
        #if os(Linux)
            let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "."
        #else
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundlePath ?? "."
        #endif
        return (bundle as NSString).deletingLastPathComponent
    }

    /// Where the package is.
    static var packageDirectory: String {
        (0..<4).reduce(#filePath) { path, _ in (path as NSString).deletingLastPathComponent }
    }

    /// A program of this package, built with the tests.
    static func built(_ name: String) throws -> String {
        let path = buildDirectory + "/" + name
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw ServerProcess.Failure.missing("our \(name) is not at \(path); run `swift build`")
        }
        return path
    }

    /// The program of this name on the PATH.
    static func installed(_ name: String) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        for directory in path.split(separator: ":").map(String.init) + [
            "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin",
        ] {
            let candidate = directory + "/" + name
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw ServerProcess.Failure.missing("no \(name) on the PATH; `Tests/run` installs what the tests need")
    }
}
