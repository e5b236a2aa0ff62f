// SPDX-License-Identifier: Apache-2.0

extension CommandRow {
    /// Commands about the process; ACL and COMMAND have files of their own.
    static let server = [
        CommandRow(
            name: "info", arity: -1, flags: [.loading, .stale], categories: [.dangerous], tips: Tips.information,
            since: "1.0.0", summary: "Describes the server, its clients and the masters it watches."),
        CommandRow(
            name: "role", arity: 1, flags: [.noScript, .loading, .stale, .fast], categories: [.admin, .dangerous],
            since: "2.8.12", summary: "Says that this is a sentinel, and names the masters it watches."),
        CommandRow(
            name: "shutdown", arity: -1, flags: [.admin, .noScript, .loading, .stale, .noMulti, .allowBusy],
            since: "1.0.0", summary: "Stops the process."),
    ]
}
