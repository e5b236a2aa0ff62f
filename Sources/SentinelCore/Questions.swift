// SPDX-License-Identifier: Apache-2.0

/// What a peer was asked about a group.
struct Question: Sendable {
    let master: Slab<Master>.ID
    /// The address asked about: an answer that comes after the group moved says nothing about its new master.
    let address: NodeAddress
    /// The epoch a vote was asked for in, or `nil`.
    let epoch: Epoch?
}

/// Questions on one link whose answers are owed, in their order; each step costs the same however many there are.
struct Questions: Sendable {
    /// Those before `head` are answered; they go when they are half of all.
    private var items: [Question] = []
    private var head = 0
    private var counts: [Slab<Master>.ID: Int] = [:]

    mutating func append(_ question: Question) {
        items.append(question)
        counts[question.master, default: 0] += 1
    }

    /// Takes out the one that the next answer belongs to.
    mutating func takeFirst() -> Question? {
        guard head < items.count else { return nil }
        let question = items[head]
        head += 1
        if head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
        let left = (counts[question.master] ?? 1) - 1
        counts[question.master] = left > 0 ? left : nil
        return question
    }

    func contains(about master: Slab<Master>.ID) -> Bool { counts[master] != nil }
}
