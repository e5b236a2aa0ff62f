// SPDX-License-Identifier: Apache-2.0

extension Catalogue {
    /// The lines of a container's HELP: a header, each usage with what it does below it, and HELP itself at the end.
    ///
    /// - Parameter name: What the container was called.
    /// - Source: spec/commands.md 3.
    package static func help(for container: CommandEntry, called name: String) -> [String] {
        var lines = ["\(name) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
        if container.accepts(count: 1) { lines += ["(no subcommand)", "    \(container.summary)"] }
        for subcommand in container.subcommands {
            guard let usages = subcommand.usages else { continue }
            let name = subcommand.ownName.uppercased()
            lines += usages.map { $0.isEmpty ? name : "\(name) \($0)" }
            lines.append("    \(subcommand.summary)")
        }
        return lines
    }
}
