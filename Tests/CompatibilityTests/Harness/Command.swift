// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a program said that ran to its end.
struct CommandResult {
    let code: Int32
    let output: String
    let errors: String
}

/// Runs an installed program and waits for its end.
func run(_ program: String, _ arguments: [String], within limit: Duration = .seconds(20)) throws -> CommandResult {
    try withTemporaryDirectory { directory in
        let process = try ServerProcess(
            name: program, directory: directory, executable: Programs.installed(program), arguments: arguments)
        defer { process.end() }
        try process.start()
        let code = try process.waitForExit(within: limit)
        return CommandResult(code: code, output: process.log(), errors: process.errors())
    }
}
