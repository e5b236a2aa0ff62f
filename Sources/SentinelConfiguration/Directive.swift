// SPDX-License-Identifier: Apache-2.0

package import SentinelCore

/// One row of the table that reading, rewriting and the documentation share.
package struct Directive: Sendable {
    /// Whom it speaks about.
    package enum Scope: Sendable { case server, sentinel, master }

    /// Whether our own lines may take the place of the operator's.
    package enum Rewriting: Sendable { case kept, rewritten }

    /// What a line of it does.
    package enum Action: Sendable {
        /// Checked, and otherwise nothing: it means nothing to a sentinel.
        case kept(Rule)
        case setting(ServerSetting)
        case include
        case user
        case renameCommand
        case global(GlobalSetting)
        case monitor
        case master(MasterSetting)
        case stateFile
        case removedMaster
        case movedMaster
    }

    /// In lower case; below `sentinel` without that word.
    package let name: String
    /// Older or newer names that mean the same.
    package var aliases: [String] = []
    /// How many words follow the name (and the master's name is one of them).
    package let arguments: ClosedRange<Int>
    /// The value without any line, as it would be written; empty when there is none.
    package let initial: String
    package let scope: Scope
    /// How many words of the line may be shown when one after them is a password.
    package var secretAfter: Int?
    /// One sentence for the documentation.
    package let summary: String
    package let action: Action

    /// Whether a single word, as a quoted option of the command line gives it, stands for the words in it.
    ///
    /// - Source: what Debian's redis-sentinel 7.0.15 does with `bind "127.0.0.1 ::1"` and its like.
    var splitsSingleWord: Bool {
        switch action {
        case .kept, .setting: arguments.upperBound > 1 && name != "loadmodule"
        case .include, .user, .renameCommand, .global, .monitor, .master, .stateFile, .removedMaster, .movedMaster:
            false
        }
    }

    /// Whether lines of it say what was found rather than what is wanted.
    var isDiscovery: Bool { ["known-replica", "known-sentinel"].contains(name) }

    /// Whether lines of it say what happened. A state file has all of these, whatever the configuration says as well: who
    /// ships another configuration takes nothing from what is remembered.
    var isMemory: Bool {
        isDiscovery || ["myid", "current-epoch", "config-epoch", "leader-epoch"].contains(name)
    }

    var isStateFile: Bool { if case .stateFile = action { true } else { false } }

    package var rewriting: Rewriting {
        switch action {
        case .kept, .include, .renameCommand, .stateFile: .kept
        case .setting, .user, .global, .monitor, .master, .removedMaster, .movedMaster: .rewritten
        }
    }
}

/// A general directive that has its place in `ServerSettings`.
package struct ServerSetting: Sendable {
    package let read: @Sendable (inout ServerSettings, [Word]) throws(Reason) -> Void
    package let write: @Sendable (ServerSettings) -> [Word]
}

/// A directive about this sentinel as a whole.
package struct GlobalSetting: Sendable {
    package let read: @Sendable (inout Settings, [Word]) throws(Reason) -> Void
    /// What has to be in the file; `nil` when there is nothing to say yet.
    package let write: @Sendable (Settings) -> GeneratedValue?
}

/// A directive about one master; the words handed over start after the master's name.
package struct MasterSetting: Sendable {
    /// What must be true of the world outside.
    package enum Check: Sendable {
        case none
        case executable(Reason)
        /// The first two words are a host and a port.
        case address
    }

    package var check = Check.none
    /// The words that tell several lines of one master apart; none where there can be only one line.
    package var identity: @Sendable ([Word]) -> [Word] = { _ in [] }
    /// The fault when a second line has the same identity but says something else; `nil` when the later line counts.
    package var duplicate: Reason?
    package let read: @Sendable (inout MasterSettings, [Word]) throws(Reason) -> Void
    package let write: @Sendable (MasterSettings) -> [GeneratedValue]
}

/// What a line has to say after its name.
package struct GeneratedValue: Sendable, Equatable {
    /// When a line is written for it.
    package enum Presence: Sendable {
        /// Always.
        case required
        /// Where the operator has such a line: the value is the default.
        case whenPresent
        /// Only where the line says just that already: it means "unset".
        case whenUnchanged
    }

    package var words: [Word]
    package var presence: Presence

    package init(_ words: [Word], _ presence: Presence = .required) {
        self.words = words
        self.presence = presence
    }

    /// A value that need not be written while it is the default.
    static func value(_ word: Word, isDefault: Bool) -> GeneratedValue {
        GeneratedValue([word], isDefault ? .whenPresent : .required)
    }

    /// A value that may be unset.
    static func optional(_ word: Word?) -> GeneratedValue {
        word.map { GeneratedValue([$0]) } ?? GeneratedValue([[]], .whenUnchanged)
    }
}

/// A property that a row of the table reads into and writes from.
typealias Property<Root, Value> = any WritableKeyPath<Root, Value> & Sendable
