// SPDX-License-Identifier: Apache-2.0

import DataNode
package import EventLoop

/// What a program that starts clusters does when it is started by itself, in place of its own business.
package enum HelperRole {
    /// Cleans up behind the owner of a fleet.
    case guardian(directory: String)
    /// Data nodes at consecutive ports; each is a master, or follows the one at the same place in a row of masters.
    case dataNodes(at: SocketAddress, count: Int, firstMaster: SocketAddress?)

    /// What it is started with.
    package var arguments: [String] {
        switch self {
        case .guardian(let directory): ["--guardian", directory]
        case .dataNodes(let address, let count, let master):
            ["--data-nodes", address.host, "\(address.port ?? 0)", "\(count)"]
                + (master.map { [$0.host, "\($0.port ?? 0)"] } ?? [])
        }
    }

    /// Reads the arguments of this process; `nil` if they ask for none of these roles.
    package init?(_ words: [String]) {
        switch words.first {
        case "--guardian" where words.count == 2: self = .guardian(directory: words[1])
        case "--data-nodes" where words.count == 4 || words.count == 6:
            guard let address = Self.address(words[1], words[2]), let count = Int(words[3]), count > 0 else {
                return nil
            }
            if words.count == 4 {
                self = .dataNodes(at: address, count: count, firstMaster: nil)
            } else {
                guard let master = Self.address(words[4], words[5]) else { return nil }
                self = .dataNodes(at: address, count: count, firstMaster: master)
            }
        default: return nil
        }
    }

    private static func address(_ host: String, _ port: String) -> SocketAddress? {
        UInt16(port).flatMap { SocketAddress(numericHost: host, port: $0) }
    }

    /// Begins to play the role, for as long as the process lives; the caller only has to run the main queue.
    package func play() {
        switch self {
        case .guardian(let directory): OwnProcess.keepForever(Guardian(of: directory))
        case .dataNodes(let address, let count, let firstMaster):
            for index in 0..<count {
                guard let own = address.following(index) else { return Self.fail("there are no \(count) ports left") }
                let master = firstMaster?.following(index).flatMap { master in master.port.map { (master.host, $0) } }
                do throws(SystemError) {
                    OwnProcess.keepForever(try DataNode(on: own, replicaOf: master))
                } catch {
                    Self.fail("cannot listen on \(own): \(error)")
                }
            }
        }
    }

    private static func fail(_ problem: String) {
        Console.error(problem)
        ProcessFacts.exit(1)
    }
}

extension SocketAddress {
    /// The address at a port further on; `nil` past the last one.
    package func following(_ count: Int) -> SocketAddress? {
        port.flatMap { UInt16(exactly: Int($0) + count) }.map { withPort($0) }
    }
}
