// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// The process that cleans up after the program that started it, however that ends.
///
/// That program, a `Fleet`'s owner, starts it first. Each process of the fleet enters itself in a list, a directory
/// with a file for each, named by its number. When the connection to the owner ends, because all is done or because the
/// owner was killed, the guardian takes the directory away from under its name, so that nobody can enter himself any
/// more or open a log, kills whoever is in the list, removes everything and ends. A parent-death signal would not do:
/// Linux sends it when the *thread* that started the child ends, and the main queue moves between threads; other
/// systems have none.
final class Guardian: ConnectionDelegate {
    private let directory: String
    private var connection: Connection?

    /// The path of the socket, short because such paths must be.
    static func socketPath(in directory: String) -> String { "\(directory)/guardian" }

    /// The directory of the processes' numbers.
    static func listPath(in directory: String) -> String { "\(directory)/processes" }

    /// Strikes a process off that has ended.
    static func forget(_ process: Int32, in directory: String) {
        Directories.removeFile("\(listPath(in: directory))/\(process)")
    }

    init(of directory: String) {
        self.directory = directory
        guard let address = SocketAddress(unixPath: Self.socketPath(in: directory)) else { ProcessFacts.exit(1) }
        connection = Connection(connectingTo: address, delegate: self)
    }

    func connectionDidConnect(_ connection: Connection) {}
    func connectionDidDrain(_ connection: Connection) {}
    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {}

    func connectionDidClose(_ connection: Connection, reason: CloseReason) {
        // Without a connection this is not the guardian of anything, and the directory may be anybody's.
        if case .connectFailed = reason { ProcessFacts.exit(1) }
        let remains = "\(directory).ended"
        let place = Directories.move(directory, to: remains) ? remains : directory
        for process in Directories.entries(of: Self.listPath(in: place)).compactMap({ Int32($0) }) {
            OwnProcess.killGroup(process)
        }
        Directories.removeTree(place)
        ProcessFacts.exit(0)
    }
}
