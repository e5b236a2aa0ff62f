// SPDX-License-Identifier: Apache-2.0

/// Why a line of the configuration is refused. None of the cases carries a password.
package enum Reason: Error, Sendable, Equatable {
    // What any directive can meet.
    case unbalancedQuotes
    /// Ours: what a crash leaves of a file that was never flushed; the original drops the rest without a word.
    case zeroBytes
    case badDirective
    case wrongNumberOfArguments
    case notAnInteger
    case notAMemorySize
    case notAMemorySizeOrPercentage
    case percentageTooLarge
    case notOctal
    case outOfRange(from: String, to: String)
    case notYesOrNo
    case notOneOf([String])
    /// Ours: this directive's value becomes a text, so it has to be UTF-8.
    case notUTF8

    // General directives with a rule of their own.
    case includeUnreadable(file: String, why: String)
    case includesTooDeep
    case moduleDirectiveWithoutValue
    case notADirectory(why: String)
    case tooManyBindAddresses
    case badTitleTemplate
    case badBufferLimitCount
    case badBufferLimitClass
    case badBufferLimit
    case notAFileName(directive: String, kind: String)
    case emptyFileName(directive: String)
    case badSave
    case badMasterPort
    case badPercentiles
    case percentilesOutOfRange
    case badEventClass
    case badOutOfMemoryScores
    case contradictoryShutdown
    case badHostname
    case unknownCommandToRename
    case renameTargetExists
    case duplicateUser(name: String)
    case badUser(name: String, why: String)
    case usersAndACLFile
    /// Ours: a state file without its last line.
    case stateCutOff
    /// Ours: not readable, and it is not that there is none yet.
    case stateUnreadable(file: String, why: String)

    // `sentinel …`.
    case unrecognizedStatement
    case unknownMaster
    case duplicateMaster
    /// Ours: the original accepts such names and breaks on them.
    case badMasterName
    case badQuorum
    case badPort
    case unresolvedHost
    case notPositiveTime
    case negativeTime
    case notificationScript
    case reconfigurationScript
    case duplicateRename
    case duplicateReplica
    case duplicateSentinel
    case badRunID
    case notYesOrNoForScripts
    case notYesOrNoFor(directive: String)

    /// The sentence that the operator reads; the original's wherever it has one.
    package var text: String {
        switch self {
        case .unbalancedQuotes: "Unbalanced quotes in configuration line"
        case .zeroBytes: "There are zero bytes in this line: the file is damaged."
        case .badDirective: "Bad directive or wrong number of arguments"
        case .wrongNumberOfArguments: "wrong number of arguments"
        case .notAnInteger: "argument couldn't be parsed into an integer"
        case .notAMemorySize: "argument must be a memory value"
        case .notAMemorySizeOrPercentage: "argument must be a memory or percent value"
        case .percentageTooLarge: "percentage argument must be less or equal to 100"
        case .notOctal: "argument couldn't be parsed as an octal number"
        case .outOfRange(let from, let to): "argument must be between \(from) and \(to) inclusive"
        case .notYesOrNo: "argument must be 'yes' or 'no'"
        case .notOneOf(let words): "argument(s) must be one of the following: \(words.joined(separator: ", "))"
        case .notUTF8: "argument is not valid UTF-8"
        case .includeUnreadable(let file, let why): "Fatal error, can't open config file '\(file)': \(why)"
        case .includesTooDeep: "Too many nested includes"
        case .moduleDirectiveWithoutValue: "Module config specified without value"
        case .notADirectory(let why): why
        case .tooManyBindAddresses: "Too many bind addresses specified."
        case .badTitleTemplate: "template format is invalid or contains unknown variables"
        case .badBufferLimitCount: "Wrong number of arguments in buffer limit configuration."
        case .badBufferLimitClass: "Invalid client class specified in buffer limit configuration."
        case .badBufferLimit: "Error in hard, soft or soft_seconds setting in buffer limit configuration."
        case .notAFileName(let directive, let kind): "\(directive) can't be a path, just a \(kind)"
        case .emptyFileName(let directive): "\(directive) can't be empty"
        case .badSave: "Invalid save parameters"
        case .badMasterPort: "Invalid master port"
        case .badPercentiles: "Invalid latency-tracking-info-percentiles parameters"
        case .percentilesOutOfRange: "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
        case .badEventClass: "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
        case .badOutOfMemoryScores: "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
        case .contradictoryShutdown: "shutdown options SAVE and NOSAVE can't be used simultaneously"
        case .badHostname: "Hostnames may only contain alphanumeric characters, hyphens or dots"
        case .unknownCommandToRename: "No such command in rename-command"
        case .renameTargetExists: "Target command name already exists"
        case .duplicateUser(let name):
            "Error in user declaration '\(name)': Duplicate user found. "
                + "A user can only be defined once in config files"
        case .badUser(let name, let why): "Error in user declaration '\(name)': \(why)"
        case .usersAndACLFile:
            "Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid."
        case .stateCutOff: "The state file ends here, without its last line: it was cut off. Restore it or remove it."
        case .stateUnreadable(let file, let why): "Fatal error, can't open state file '\(file)': \(why)"
        default: sentinelText
        }
    }

    private var sentinelText: String {
        switch self {
        case .unknownMaster: "No such master with specified name."
        case .duplicateMaster: "Duplicate master name."
        case .badMasterName:
            "Master names must not be empty or contain white space, control characters, commas or quotes."
        case .badQuorum: "Quorum must be 1 or greater."
        case .badPort: "Invalid port number."
        case .unresolvedHost: "Can't resolve instance hostname."
        case .notPositiveTime: "negative or zero time parameter."
        case .negativeTime: "negative time parameter."
        case .notificationScript: "Notification script seems non existing or non executable."
        case .reconfigurationScript: "Client reconfiguration script seems non existing or non executable."
        case .duplicateRename: "Same command renamed multiple times with rename-command."
        case .duplicateReplica: "Duplicate hostname and port for replica."
        case .duplicateSentinel: "Duplicate runid for sentinel."
        case .badRunID: "Malformed Sentinel id in myid option."
        case .notYesOrNoForScripts: "Please specify yes or no for the deny-scripts-reconfig options."
        case .notYesOrNoFor(let directive): "Please specify yes or no for the \(directive) option."
        default: "Unrecognized sentinel configuration statement."
        }
    }

    /// Whether the original writes this one to the log, without the banner of a configuration error.
    package var isLogged: Bool {
        switch self {
        case .includeUnreadable, .usersAndACLFile, .stateUnreadable: true
        default: false
        }
    }
}
