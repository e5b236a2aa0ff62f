// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a sentinel is started with.
///
/// `DIR` and `PORT` in lines, arguments and environment stand for its directory and its port.
struct Circumstances: Sendable {
    var lines: [String] = ["port PORT"]
    var arguments: [String] = []
    var environment: [String: String] = [:]
    /// Done by the shell that becomes the sentinel.
    var before = ""
    /// A command that becomes the command that follows it.
    var wrapper = ""
}

/// A line of a sentinel's log.
struct LogLine: Equatable {
    /// `.`, `-`, `*` or `#`; `s` for what came from a signal handler.
    let level: Character
    let process: String
    let text: String
}

/// A sentinel as an operator starts it, from its first line of log to its exit code.
final class Life {
    let program: SentinelProgram
    let directory: String
    let port: UInt16
    let process: ServerProcess

    /// Starts it in a directory of its own; it may end at once, which is often what the test is about.
    init(_ program: SentinelProgram, in parent: String, _ circumstances: Circumstances) throws {
        self.program = program
        port = LoopbackPort.freeAtEveryAddress()
        directory = "\(parent)/\(program)-\(port)"
        let (port, directory) = (port, directory)
        let filled = { (text: String) in
            text.replacingOccurrences(of: "DIR", with: directory).replacingOccurrences(of: "PORT", with: "\(port)")
        }
        let variables = circumstances.environment.map { "\($0.key)='\(filled($0.value))'" }.joined(separator: " ")
        // None of what may be set where the tests run, and no crash report but the sentinel's own.
        let unset = ["NOTIFY_SOCKET", "UPSTART_JOB", "WATCHDOG_USEC", "WATCHDOG_PID"].map { "-u \($0)" }
        let script = """
            cd '\(directory)'
            \(filled(circumstances.before))
            exec env \(unset.joined(separator: " ")) SWIFT_BACKTRACE=enable=no \(variables) \
            \(circumstances.wrapper) "$0" "$@"
            """
        process = try ServerProcess(
            name: "\(program):\(port)", directory: directory, executable: "/bin/sh",
            arguments: ["-c", script, program.path(), directory + "/sentinel.conf"]
                + circumstances.arguments.map(filled))
        try (circumstances.lines.map(filled).joined(separator: "\n") + "\n")
            .write(toFile: directory + "/sentinel.conf", atomically: false, encoding: .utf8)
        try process.start()
    }

    /// What it wrote to standard output and to the file `sentinel.log`.
    var log: String {
        let file = FileManager.default.contents(atPath: directory + "/sentinel.log") ?? Data()
        return process.log() + String(decoding: file, as: UTF8.self)
    }

    var lines: [LogLine] {
        log.split(separator: "\n").compactMap { line in
            if let match = line.wholeMatch(of: /(\d+):X \d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3} ([.\-*#]) (.*)/) {
                return LogLine(level: match.2.first ?? "?", process: String(match.1), text: String(match.3))
            }
            guard let match = line.wholeMatch(of: /(\d+):signal-handler \(\d+\) (.*)/) else { return nil }
            return LogLine(level: "s", process: String(match.1), text: String(match.2))
        }
    }

    var texts: [String] { lines.map(\.text) }

    /// Waits until it has come as far as its identity, or has ended; one that stops itself meanwhile is continued.
    func awaitStart() throws {
        try eventually("\(process.name) starts", within: .seconds(10)) {
            if kernel("status").contains("\nState:\tT") { process.cont() }
            return !process.isRunning || texts.contains { $0.hasPrefix("Sentinel ID is") }
        }
    }

    /// Waits for a line of log with this text.
    func awaitText(_ text: String) throws {
        try eventually("\(process.name) logs '\(text)'", within: .seconds(10), { texts }, until: { $0.contains(text) })
    }

    /// Has it end in order, and waits for that.
    func terminate() throws -> Int32 {
        process.signal(SIGTERM)
        return try process.waitForExit(within: .seconds(10))
    }

    func ask(_ words: String...) throws -> Reply { try RedisClient(port: port).request(words) }

    /// A field of INFO.
    func information(_ field: String) throws -> String? {
        try ask("INFO").text?.split(whereSeparator: \.isNewline).first { $0.hasPrefix(field + ":") }
            .map { String($0.dropFirst(field.count + 1)) }
    }

    /// A file of the kernel about its process, or about the one with this number.
    func kernel(_ name: String, of number: pid_t? = nil) -> String {
        guard let number = number ?? process.pid else { return "" }
        return (try? String(contentsOfFile: "/proc/\(number)/\(name)", encoding: .utf8)) ?? ""
    }

    /// A field of /proc/…/stat, counted from 0, of its process or of the one with this number; one behind the second,
    /// which is the name and may hold spaces.
    func stat(_ field: Int, of number: pid_t? = nil) -> String {
        let rest = kernel("stat", of: number).split(separator: ")").last?.split(separator: " ") ?? []
        return rest.count > field - 2 ? String(rest[field - 2]) : ""
    }

    /// The text without what differs from one life to another.
    func general(_ text: String) -> String {
        text.replacingOccurrences(of: directory, with: "DIR")
            .replacingOccurrences(of: (try? program.path()) ?? "", with: "PROGRAM")
            .replacingOccurrences(of: "\(port)", with: "PORT")
            .replacingOccurrences(of: "(TCP)", with: "(tcp)")  // the original's newer versions write it so
            .replacing(/Redis (version=)?\d+\.\d+\.\d+/, with: "Redis V")
            // Ours asks for those of links, too.
            .replacing(/maximum number of open files to \d+/, with: "maximum number of open files to N")
            .replacing(/Server can't set maximum open files to \d+/, with: "Server can't set maximum open files to N")
            .replacing(/requiring at least \d+ max/, with: "requiring at least N max")
            .replacing(/your open file limit to at least \d+/, with: "your open file limit to at least N")
            .replacing(/pid=\d+/, with: "pid=N")
            .replacing(/Sentinel ID is .*/, with: "Sentinel ID is ID")
    }
}

/// Whether a sentinel answers at a numeric address.
func answers(at host: String, _ port: UInt16) -> Bool {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST
    hints.ai_socktype = socketKind(SOCK_STREAM)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &list) == 0, let found = list?.pointee else { return false }
    defer { freeaddrinfo(list) }
    return answers(found.ai_family) { connect($0, found.ai_addr, found.ai_addrlen) }
}

/// Whether a sentinel answers at a Unix socket.
func answers(atPath path: String) -> Bool {
    answers(AF_UNIX) { descriptor in withUnixAddress(path) { connect(descriptor, $0, $1) } }
}

private func answers(_ family: Int32, _ connect: (Int32) -> Int32) -> Bool {
    let descriptor = socket(family, socketKind(SOCK_STREAM), 0)
    defer { close(descriptor) }
    guard connect(descriptor) == 0, send(descriptor, "PING\r\n", 6, Int32(MSG_NOSIGNAL)) == 6 else { return false }
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, 5_000) == 1 else { return false }
    var bytes = [UInt8](repeating: 0, count: 7)
    return recv(descriptor, &bytes, 7, 0) == 7 && bytes == Array("+PONG\r\n".utf8)
}

/// Calls `body` with a Unix address; a name that starts with `@` is an abstract one.
func withUnixAddress<Result>(_ name: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes.prefix($0.count)) }
    let length = (MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2) + bytes.count
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
    }
}

#if canImport(Glibc)
    /// The kind of a socket as a number; an enumeration in this C library.
    func socketKind(_ kind: __socket_type) -> Int32 { Int32(kind.rawValue) }
#else
    func socketKind(_ kind: Int32) -> Int32 { kind }
#endif
