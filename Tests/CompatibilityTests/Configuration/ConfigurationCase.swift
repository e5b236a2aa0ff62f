// SPDX-License-Identifier: Apache-2.0

/// A configuration as an operator may write it, for both programs.
///
/// `$DIR` in a text stands for the directory of the run and `$PORT` for the port it gets.
struct ConfigurationCase: Sendable {
    let name: String
    var text: String
    /// Files beside it, by name.
    var files: [String: String] = [:]
    /// Words of the command line after the file.
    var options: [String] = []
    var standardInput: String?
    /// Whether `port $PORT` stands in it already, or must not stand behind it.
    var isComplete = false
    /// What to authenticate with before the file is asked for.
    var authentication: [String] = []
    /// Where the two differ on purpose.
    var difference: Difference?

    struct Difference: Sendable {
        /// The subject of the row in `Docs/differences.md` that says so.
        let row: String
        /// What becomes of it with ours.
        let ours: ConfigurationOutcome

        init(_ row: String, ours: ConfigurationOutcome) {
            self.row = row
            self.ours = ours
        }
    }

    init(
        _ name: String, _ text: String, files: [String: String] = [:], options: [String] = [],
        standardInput: String? = nil, isComplete: Bool = false, authentication: [String] = [],
        difference: Difference? = nil
    ) {
        self.name = name
        self.text = text
        self.files = files
        self.options = options
        self.standardInput = standardInput
        self.isComplete = isComplete
        self.authentication = authentication
        self.difference = difference
    }
}
