// SPDX-License-Identifier: Apache-2.0

/// Starts a sentinel that watches nothing unless `lines` say so, runs `body` and ends it.
///
/// - Parameter lines: Lines of its configuration file, beside port, address and directory.
func withSentinel<Result>(
    _ program: SentinelProgram = .ours, _ lines: [String] = [], _ body: (SentinelServer) throws -> Result
) throws -> Result {
    try withTemporaryDirectory(in: scenarioDirectory) { directory in
        let sentinel = try SentinelServer(
            name: "sentinel", directory: directory, program: program, monitoring: [],
            options: SentinelOptions(lines: lines))
        defer { sentinel.process.end() }
        do {
            return try body(sentinel)
        } catch {
            print("The scenario failed: \(error)\n\(sentinel.diagnosis)")
            throw error
        }
    }
}
