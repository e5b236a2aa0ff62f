// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP

/// The process that cleans up after the program that started it, however that ends.
///
/// That program, a `Fleet`'s owner, starts it first and tells it, over a socket in the fleet's directory, which
/// processes it starts. When that connection ends, because all is done or because the owner was killed, the guardian
/// kills whoever is left, removes the directory and ends. A parent-death signal would not do: Linux sends it when the *thread* that started the child
/// ends, and the main queue moves between threads; other systems have none.
final class Guardian: ConnectionDelegate {
    private let directory: String
    private var processes: Set<Int32> = []
    private var parser = RequestParser()
    private var request = Request()
    private var connection: Connection?

    /// The path of the socket, short because such paths must be.
    static func socketPath(in directory: String) -> String { "\(directory)/guardian" }

    init(of directory: String) {
        self.directory = directory
        guard let address = SocketAddress(unixPath: Self.socketPath(in: directory)) else { ProcessFacts.exit(1) }
        connection = Connection(connectingTo: address, delegate: self)
    }

    func connectionDidConnect(_ connection: Connection) {}
    func connectionDidDrain(_ connection: Connection) {}

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        parser.append(bytes)
        while (try? parser.next(into: &request)) == true {
            guard request.count == 2, let process = Int32(request.text(1)) else { continue }
            if request.matches(0, "watch") { processes.insert(process) }
            if request.matches(0, "forget") { processes.remove(process) }
        }
    }

    func connectionDidClose(_ connection: Connection, reason: CloseReason) {
        // Without a connection this is not the guardian of anything, and the directory may be anybody's.
        if case .connectFailed = reason { ProcessFacts.exit(1) }
        for process in processes { OwnProcess.killGroup(process) }
        Directories.removeTree(directory)
        ProcessFacts.exit(0)
    }
}
