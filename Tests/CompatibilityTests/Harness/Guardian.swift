// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A small process that kills what the tests started when the test process goes away, however it goes.
///
/// It reads `+ <pid>`, `- <pid>`, `d <directory>` and `n <network namespace>` from a pipe whose other end only the test
/// process holds. At the end of that pipe (exit, crash, SIGKILL) it kills by pid what is still registered or lives in
/// the namespaces, and removes them and the directories. A parent-death signal would not do: it is bound to the
/// starting thread, and threads of Dispatch come and go.
final class Guardian: Sendable {
    static let shared = Guardian()

    private let pipe: Int32

    private init() {
        var ends: [Int32] = [-1, -1]
        precondition(Foundation.pipe(&ends) == 0, "no pipe for the guardian: errno \(errno)")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let script = """
            trap '' INT TERM HUP
            pids= ; directories= ; namespaces=
            while read -r operation argument; do
                case $operation in
                    +) pids="$pids $argument" ;;
                    -) rest= ; for pid in $pids; do [ "$pid" = "$argument" ] || rest="$rest $pid"; done; pids=$rest ;;
                    d) directories="$directories $argument" ;;
                    n) namespaces="$namespaces $argument" ;;
                esac
            done
            for pid in $pids; do kill -9 "$pid"; done
            for name in $namespaces; do
                for pid in $(ip netns pids "$name" 2>/dev/null); do kill -9 "$pid"; done
                ip netns del "$name" 2>/dev/null
            done
            for directory in $directories; do rm -rf "$directory"; done
            """
        do {
            _ = try spawn("/bin/sh", ["-c", script], input: ends[0], output: "/dev/null", errors: "/dev/null")
        } catch {
            preconditionFailure("the guardian does not start: \(error)")
        }
        close(ends[0])
        pipe = ends[1]
    }

    func watch(_ pid: pid_t) { send("+ \(pid)\n") }
    func forget(_ pid: pid_t) { send("- \(pid)\n") }
    func removeAtEnd(_ directory: String) { send("d \(directory)\n") }
    func removeAtEnd(namespace: String) { send("n \(namespace)\n") }

    /// One write far below `PIPE_BUF`: lines of parallel tests do not mix.
    private func send(_ line: String) {
        let bytes = Array(line.utf8)
        _ = write(pipe, bytes, bytes.count)
    }
}

/// Starts a program with an empty signal mask, default signal actions and no descriptors but the first three, and
/// returns its pid.
///
/// The mask matters: threads of Dispatch block most signals, and a child would inherit that.
///
/// - Parameter input: Descriptor that becomes standard input; `nil` for `/dev/null`.
/// - Parameter isInputAlsoOutput: Whether it becomes standard output as well, in place of the file `output`.
func spawn(
    _ executable: String, _ arguments: [String], input: Int32? = nil, isInputAlsoOutput: Bool = false, output: String,
    errors: String
) throws -> pid_t {
    #if os(Linux)
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
    #else
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }
    if let input {
        posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    if let input, isInputAlsoOutput {
        posix_spawn_file_actions_adddup2(&actions, input, 1)
    } else {
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    }
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    // Foundation learns from the end of a socket that a process of its own has ended: one that another thread made just
    // now must not live on in this child.
    for descriptor in 3..<Int32(4096) { posix_spawn_file_actions_addclose(&actions, descriptor) }

    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

    let words = ([executable] + arguments).map { strdup($0) }
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, executable, &actions, &attributes, words + [nil], environ)
    guard code == 0 else {
        throw ServerProcess.Failure.cannotStart(executable, reason: String(cString: strerror(code)))
    }
    return pid
}
