// SPDX-License-Identifier: Apache-2.0

import AccessControl
import CommandCatalogue
import Dispatch
import EventLoop
import RESP
import SentinelConfiguration
import SentinelCore
import SentinelWire
import TransportSecurity

/// What the client port needs of the rest.
protocol ClientPortOwner: AnyObject {
    var masterNames: [MasterName] { get }
    func isWatched(_ name: MasterName) -> Bool
    var timing: Timing { get }
    /// The answer to a command that only looks, if there is one at once.
    func answer(to command: Command) -> Response?
    func obey(_ request: RequestID, _ command: Command)
    /// Whether a known sentinel is at this numeric address.
    func hasPeer(at host: String) -> Bool
    /// Facts for INFO that the port does not have.
    func infoFacts() -> InfoText.Facts
    func shutDown(reason: String)
    func reloadCertificates() throws(TLSError)
}

/// The port that clients and other sentinels connect to.
final class ClientPort {
    let log: Logger
    let pubSub = PubSub()
    let access: Access
    /// `nil` where users are lines of the configuration.
    let accessFile: AccessFile?
    let commandNames: CommandNames
    /// Lives as long as the port, which is as long as the process.
    let owner: any ClientPortOwner
    let settings: ServerSettings
    let deniesScriptReconfiguration: Bool
    let diagnosis: SecurityDiagnosis
    var traffic = Traffic()

    private let listeners: Listeners
    private var clients: [Int: Client] = [:]
    private var clientsMade = 0
    /// Those whose turn is over, and who have more to be run.
    private var waiting: [Client] = []
    private var isServing = false
    private var slots: ConnectionSlots
    private var requestsMade: UInt64 = 0
    /// Who waits for which answer.
    private var asking: [RequestID: Client] = [:]
    /// The request being given to the core, until it is answered.
    private var askingNow: (request: RequestID, client: Client)?
    /// Whose request about users is being run.
    private var userChanging: Client?
    private var pausedUntil: UInt64 = 0
    private var pausesWritesOnly = false
    private var pauseTimer: DeadlineTimer?
    /// When the log was told of an HTTP request, in nanoseconds of the monotonic clock.
    private var httpWarnedAt: UInt64?

    init(
        _ settings: ServerSettings, listeners: Listeners, access: Access, deniesScriptReconfiguration: Bool,
        log: Logger, owner: any ClientPortOwner
    ) {
        self.listeners = listeners
        self.access = access
        accessFile = access.file.map { AccessFile($0, users: { access.users }, log: log) }
        diagnosis = listeners.diagnosis
        self.settings = settings
        commandNames = CommandNames(
            renaming: settings.renamedCommands.map { (Array($0.command.utf8), Array($0.name.utf8)) })
        self.deniesScriptReconfiguration = deniesScriptReconfiguration
        self.log = log
        self.owner = owner
        slots = ConnectionSlots(maxClients: settings.maxClients)
        listeners.accepted = { [unowned self] in self.accept($0) }
        listeners.freePlaces = { [unowned self] in self.settings.maxClients - self.clients.count }
    }

    func client(_ id: Int) -> Client? { clients[id] }
    var sortedClients: [Client] { clients.values.sorted { $0.id < $1.id } }

    // MARK: Connections

    private func accept(_ connection: Connection) {
        traffic.connections += 1
        log.write(.verbose, "Accepted \(connection.remoteAddress?.description ?? "?")")
        let isLocal = connection.remoteAddress?.isLocal ?? true
        guard
            let slot = slots.take(
                isLocal: isLocal, isFromPeer: owner.hasPeer(at: connection.remoteAddress?.host ?? ""))
        else {
            traffic.rejected += 1
            return refuse(connection, Self.tooManyClients)
        }
        if settings.isProtected, !access.users.needAuthentication, !isLocal {
            slots.free(slot)
            traffic.rejected += 1
            return refuse(
                connection,
                "DENIED This sentinel is in protected mode and has no password, so it only answers clients on its own "
                    + "host. Give it a password with 'requirepass', or set 'protected-mode no' if its network is safe.")
        }
        clientsMade += 1
        clients[clientsMade] = Client(clientsMade, connection, slot: slot, port: self)
    }

    private func refuse(_ connection: Connection, _ text: String) {
        var encoder = Encoder()
        encoder.error(text)
        connection.write(encoder.bytes)
        connection.closeAfterSending()
    }

    func removed(_ client: Client) {
        clients[client.id] = nil
        slots.free(client.slot)
        pubSub.remove(client)
    }

    /// Has `client` go on with what is here of it once others, and everything else, have had their turns.
    func queue(_ client: Client) {
        waiting.append(client)
        guard !isServing else { return }
        isServing = true
        DispatchQueue.main.async { self.serveNext() }
    }

    /// One at a time: however many wait, the rest of the loop has its turn between two of them.
    private func serveNext() {
        while !waiting.isEmpty, !waiting.removeFirst().takeTurn() {}
        isServing = !waiting.isEmpty
        if isServing { DispatchQueue.main.async { self.serveNext() } }
    }

    // MARK: Requests

    func dispatch(_ request: RESP.Request, from client: Client) {
        if request.matches(0, "post") || request.matches(0, "host:") {
            warnOfHTTP(from: client)
            return client.close()
        }
        if client.mustIntroduceItself, !Self.isIntroduction(request) {
            traffic.rejected += 1
            refuse(client, ErrorText(Self.tooManyClients))
            return client.finish()
        }
        CommandTable.run(request, self, client)
    }

    /// Once a minute at most, for anybody can send such a thing.
    ///
    /// - Source: spec/commands.md 2.
    private func warnOfHTTP(from client: Client) {
        let now = MonotonicClock.now
        guard httpWarnedAt.map({ now - $0 >= 60_000_000_000 }) ?? true else { return }
        httpWarnedAt = now
        log.write(.warning, "Possible attack: an HTTP request came in from \(client.address). Connection aborted.")
    }

    /// Whether a request is one of those that sentinels begin with: they log in, say who they are, and only then ask.
    ///
    /// - Source: spec/monitoring.md 3.
    private static func isIntroduction(_ request: RESP.Request) -> Bool {
        request.matches(0, "auth") || request.matches(0, "hello")
            || request.matches(0, "client") && request.matches(1, "setname")
    }

    private static let tooManyClients = "ERR max number of clients reached"

    /// Answers with an error.
    func refuse(_ client: Client, _ error: ErrorText) {
        client.encoder.error(error.bytes)
    }

    // MARK: Pauses

    /// Delays what clients send; a longer pause under way stays, and is about what this one is about.
    func pause(milliseconds: UInt64, isWritesOnly: Bool) {
        pausedUntil = max(pausedUntil, MonotonicClock.now.saturatingAdding(milliseconds: milliseconds))
        let letsMoreThrough = isWritesOnly && !pausesWritesOnly
        pausesWritesOnly = isWritesOnly
        pauseTimer = pauseTimer ?? DeadlineTimer { [unowned self] in self.unpause() }
        pauseTimer?.schedule(at: pausedUntil)
        if letsMoreThrough { resumeClients() }
    }

    func unpause() {
        pausedUntil = 0
        pauseTimer?.schedule(at: nil)
        resumeClients()
    }

    private func resumeClients() { for client in sortedClients { client.resume() } }

    /// Whether a request that is in order has to wait.
    ///
    /// Other sentinels are let through, for a pause is meant for clients; and so is what it takes to end one.
    /// - Source: spec/commands.md 2; spec/defects.md 42.
    func isPaused(for client: Client, _ entry: CommandEntry) -> Bool {
        guard pausedUntil > 0, pausedUntil > MonotonicClock.now, !client.isPeer else { return false }
        if pausesWritesOnly { return entry.fullName == "publish" }
        return !Self.letThrough.contains(String(entry.fullName.prefix { $0 != "|" }))
    }

    private static let letThrough: Set = ["auth", "hello", "client", "quit", "reset"]

    /// Gives a command to the core; the reply may come at once or later.
    func ask(_ command: Command, for client: Client) {
        switch owner.answer(to: command) {
        case .instances(let instances)?: return client.list(instances)
        case let response?: return append(response, to: &client.encoder, for: client)
        case nil: break
        }
        let id = makeRequest(of: client)
        // Most answers come before `obey` returns; only the others are looked up.
        let outer = askingNow
        askingNow = (id, client)
        owner.obey(id, command)
        if askingNow != nil {
            asking[id] = client
            // It may wait for a name, and the next request be about the group that it makes.
            if case .monitor = command { client.runNothing(before: id) }
        }
        askingNow = outer
    }

    /// Has the reply to the request under way come later, when `answerLater` is called.
    func oweReply(to client: Client) -> RequestID {
        let id = makeRequest(of: client)
        asking[id] = client
        return id
    }

    private func makeRequest(of client: Client) -> RequestID {
        requestsMade += 1
        let id = RequestID(requestsMade)
        client.await(id)
        return id
    }

    /// Gives a reply that `oweReply` has promised.
    func answerLater(_ request: RequestID, _ append: (inout Encoder) -> Void) {
        asking.removeValue(forKey: request)?.answer(request, append)
    }

    func answer(_ request: RequestID, _ response: Response) {
        let client: Client
        if let now = askingNow, now.request == request {
            client = now.client
            askingNow = nil
            // At once, only by way of the core because something else was due: told as if it had been looked up.
            if case .instances(let instances) = response, client.stopAwaiting(request) { return client.list(instances) }
        } else if let waiting = asking.removeValue(forKey: request) {
            client = waiting
        } else {
            return
        }
        client.answer(request) { append(response, to: &$0, for: client) }
    }

    private func append(_ response: Response, to encoder: inout Encoder, for client: Client) {
        if case .summary(let summary) = response {
            encoder.bulk(InfoText(summary, owner.infoFacts(), sections: client.infoSections).text)
        } else {
            encoder.append(response)
        }
    }

    /// Has `client` change users, by what `body` does, which answers it as well.
    ///
    /// Where that ends its own connection, it gets the answer first, but may do nothing more.
    func changeUsers(for client: Client, _ body: () -> Void) {
        userChanging = client
        body()
        userChanging = nil
        if client.isToEnd { client.finish() }
    }

    /// Ends the connections of users that are gone or `ended`, and of subscribers that may not listen to what they do
    /// any more.
    func enforceAccess(_ ended: Set<UserName>) {
        func end(_ client: Client) {
            if client === userChanging { client.isToEnd = true } else { client.close() }
        }
        for client in sortedClients {
            guard let user = access.users[client.user], !ended.contains(client.user) else {
                end(client)
                continue
            }
            access.refresh(client)
            let mayListen =
                client.channels.names.allSatisfy { user.mayListen(toChannel: $0[...]) }
                && client.patterns.names.allSatisfy { user.mayListen(toPattern: $0[...]) }
            if !mayListen { end(client) }
        }
    }

    /// What INFO tells of clients.
    var infoFacts: InfoText.Clients {
        var facts = InfoText.Clients(
            connected: clients.count, channels: pubSub.channelCount, patterns: pubSub.patternCount)
        for client in clients.values {
            if client.isSubscribed { facts.subscribed += 1 }
            if client.isRequestPostponed { facts.paused += 1 }
            if let tracking = client.tracking {
                facts.tracking += 1
                facts.trackedPrefixes += tracking.prefixes.count
            }
            facts.largestInput = max(facts.largestInput, client.bufferedBytes)
            facts.largestOutput = max(facts.largestOutput, client.backlogBytes)
        }
        return facts
    }

    /// Takes nobody in any more and lets go of those that are there.
    func finishAll() {
        if listeners.hasUnixSocket { log.write(.notice, "Removing the unix socket file.") }
        listeners.close()
        for client in clients.values { client.close() }
    }
}
