// SPDX-License-Identifier: Apache-2.0

/// What a connection tells its owner; all of it on the main queue, never from within a call to the connection.
///
/// The owner may write, pause and close in each of these.
package protocol ConnectionDelegate: AnyObject {
    /// An outgoing connection is established.
    func connectionDidConnect(_ connection: Connection)
    /// Bytes came in; the memory is valid only during the call.
    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer)
    /// The connection ended for a reason other than the owner's wish. Said once, and nothing is said after it.
    func connectionDidClose(_ connection: Connection, reason: CloseReason)
    /// A backlog the other end was too slow for has been sent.
    func connectionDidDrain(_ connection: Connection)
    /// Nothing more comes in: whether the connection ends with that. If not, the delegate ends it, as one does that still
    /// owes replies.
    func connectionMayEnd(_ connection: Connection) -> Bool
}

extension ConnectionDelegate {
    package func connectionMayEnd(_ connection: Connection) -> Bool { true }
}
