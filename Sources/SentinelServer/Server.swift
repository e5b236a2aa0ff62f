// SPDX-License-Identifier: Apache-2.0

import AccessControl
import EventLoop
import RESP
import SentinelConfiguration
import SentinelCore
import SentinelWire
import TransportSecurity

/// The sentinel as a process: the core, and everything it reaches the world with.
final class Server: EffectPerformer, InstanceConnectionOwner, ClientPortOwner {
    private let driver: Driver
    private let log: Logger
    private var configuration: Configuration
    private let access: Access
    /// Those that other files name.
    private let includedUsers: [UserDeclaration]
    /// Whether `access` is what knows the users to remember, not `configuration` any more.
    private var haveUsersChanged = false
    private let tls: TLS?
    private let diagnosis: SecurityDiagnosis
    private let path: String
    private let runID: RunID
    private let startedAt = MonotonicClock.now
    private let resolver = Resolver()
    private let source: LinkSource
    private var port: ClientPort?
    private let stateFile: StateFile
    private var isShuttingDown = false
    private var lastWriteLimit: DeadlineTimer?
    /// Nanoseconds.
    private static let longestLastWrite: UInt64 = 5_000_000_000
    private let scripts: ScriptRunner
    private let listeners: Listeners
    private let serviceManager: ServiceManager
    private let clientLimit: Int
    private let processIDFile: String?
    private var connections: [ConnectionID: InstanceConnection] = [:]

    /// - Parameters:
    ///   - configuration: As read, with an identity.
    ///   - path: The file it came from; absolute.
    ///   - surroundings: What was opened and found out for it.
    init(
        _ configuration: Configuration, access: Access, myID: RunID, path: String, surroundings: Surroundings,
        log: Logger
    ) {
        listeners = surroundings.listeners
        diagnosis = surroundings.listeners.diagnosis
        tls = surroundings.tls
        stateFile = surroundings.stateFile
        serviceManager = surroundings.serviceManager
        clientLimit = surroundings.clientLimit
        processIDFile = surroundings.processIDFile
        var system = SystemRandomNumberGenerator()
        self.configuration = configuration
        self.access = access
        includedUsers = configuration.includedUsers
        self.path = path
        self.log = log
        runID = RunID(using: &system)
        source = surroundings.source
        let core = Sentinel(
            configuration.sentinel, myID: myID, listeningPort: UInt16(clamping: configuration.server.portForPeers),
            requirePassword: configuration.server.requirePassword,
            logThreshold: LogThreshold(rawValue: configuration.server.logLevel.rawValue) ?? .notice, seed: system.next()
        )
        let driver = Driver(core: core)
        self.driver = driver
        scripts = ScriptRunner { driver.receive($0) }
    }

    /// What the start of the process leaves to the server.
    struct Surroundings {
        let listeners: Listeners
        /// `nil` where none is configured.
        let tls: TLS?
        /// Where the configuration is written back to.
        let stateFile: StateFile
        let serviceManager: ServiceManager
        let source: LinkSource
        /// As many clients as there are descriptors for.
        let clientLimit: Int
        /// To be removed at the end.
        let processIDFile: String?
    }

    /// Takes clients in and begins to watch.
    func start() {
        var settings = configuration.server
        settings.maxClients = clientLimit
        let port = ClientPort(
            settings, listeners: listeners, access: access,
            deniesScriptReconfiguration: configuration.sentinel.deniesScriptReconfiguration, log: log, owner: self)
        self.port = port
        stateFile.begin(
            currentState: { [unowned self] in self.currentState },
            finished: { [unowned self] generation, isSaved in
                self.driver.receive(isSaved ? .persisted(generation) : .persistFailed(generation))
            })
        access.changed = { [unowned self] in self.accessChanged($0) }
        driver.performer = self
        driver.receive(.started)
    }

    /// Users are remembered as soon as they change; the original waits for the next save of something else.
    private func accessChanged(_ ended: Set<UserName>) {
        port?.enforceAccess(ended)
        configuration.server.users = []
        haveUsersChanged = true
        save()
    }

    /// Has all that must be remembered saved; again and again, if that fails.
    func save() { driver.receive(.command(RequestID(0), .flushConfiguration)) }

    /// What should be in the file now.
    private var currentState: RememberedState {
        var configuration = configuration
        configuration.sentinel = driver.core.remembered
        return RememberedState(
            configuration: configuration, users: haveUsersChanged ? access.remembered(besides: includedUsers) : nil)
    }

    /// Says goodbye and leaves; nothing is saved, for all that matters has been.
    ///
    /// A write that is under way is waited for, though not for ever: the original would have finished it.
    func shutDown(reason: String) {
        log.write(.warning, reason)
        guard !isShuttingDown else { return }
        isShuttingDown = true
        serviceManager.stopping()
        let limit = DeadlineTimer { [unowned self] in self.leave() }
        limit.schedule(at: MonotonicClock.now + Self.longestLastWrite)
        lastWriteLimit = limit
        stateFile.afterWriting { [unowned self] in
            guard let users = self.port?.accessFile else { self.leave() }
            users.afterWriting { self.leave() }
        }
    }

    private func leave() -> Never {
        if let path = processIDFile {
            log.write(.notice, "Removing the pid file.")
            ProcessFacts.remove(path)
        }
        port?.finishAll()
        log.write(.warning, "Sentinel is now ready to exit, bye bye...")
        ProcessFacts.exit(0)
    }

    // MARK: EffectPerformer

    func perform(_ effect: Effect) {
        switch effect {
        case .connect(let id, let channel, let endpoint): connect(id, channel, to: endpoint)
        case .disconnect(let id): disconnect(id)
        case .send(let id, let request, let renamed): connections[id]?.send(request, renamed: renamed)
        case .answer(let request, let response): port?.answer(request, response)
        case .persist(let generation): stateFile.save(generation)
        case .emit(let event):
            let text = EventText(event)
            log.write(event.severity, "\(text.name) \(text.payload)")
            if event.severity > .debug { port?.pubSub.publish(text.payload, on: text.name) }
        case .log(let line):
            let text = LogText(line) { LocalTime(ahead: Int($0.components.seconds)).ctimeText }
            log.write(text.severity, text.text)
        case .resolve(let host): resolve(host)
        case .setLogThreshold(let threshold):
            let level = LogLevel(rawValue: threshold.rawValue) ?? .notice
            configuration.server.logLevel = level
            log.set(level)
        case .runScript(let id, let path, let call): scripts.run(id, path, call.arguments)
        case .killScript(let id): scripts.kill(id)
        case .crash:
            log.write(.warning, "Sentinel CRASH because of SENTINEL simulate-failure")
            ProcessFacts.exit(99)
        }
    }

    private func connect(_ id: ConnectionID, _ channel: Channel, to endpoint: Endpoint) {
        guard let address = SocketAddress(numericHost: endpoint.host, port: endpoint.port) else {
            return driver.receive(.disconnected(id, reason: "not a numeric address"))
        }
        connections[id] = InstanceConnection(
            id, channel, to: address, from: source.address(to: address),
            options: ConnectionOptions(keepAliveIdleSeconds: 5, userTimeoutMilliseconds: 15000),
            security: tls?.makeClientSecurity(), diagnosis: diagnosis, owner: self)
    }

    private func disconnect(_ id: ConnectionID) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        if connection.awaitsHandshake { diagnosis.noHandshake(with: connection.address) }
        connection.close()
    }

    /// SIGHUP: what can be read again while running is read here.
    func reload() {
        guard tls != nil else { return log.write(.verbose, "SIGHUP: there is nothing to read again") }
        try? reloadCertificates()  // it has told the log
    }

    /// Takes in certificates and keys anew; connections that stand are not touched.
    ///
    /// - Throws: What is wrong with the new ones; the old ones stay in use then.
    func reloadCertificates() throws(TLSError) {
        guard let tls else { throw .failed("no TLS is configured") }
        do throws(TLSError) {
            try tls.reload()
        } catch {
            log.write(.warning, "The TLS certificates stay as they were: \(error)")
            throw error
        }
        log.write(.notice, "The TLS certificates were read again")
        for warning in tls.warnings { log.write(.warning, warning) }
    }

    private func resolve(_ host: String) {
        resolver.resolve(host, port: 0, within: .seconds(5)) { [driver] result in
            switch result {
            case .success(let addresses): driver.receive(.resolved(host, addresses.map(\.host)))
            case .failure: driver.receive(.resolved(host, []))
            }
        }
    }

    // MARK: InstanceConnectionOwner

    func receive(_ input: Input) { driver.receive(input) }

    func connectionEnded(_ connection: InstanceConnection, reason: String) {
        connections[connection.id] = nil
        driver.receive(.disconnected(connection.id, reason: reason))
    }

    // MARK: ClientPortOwner

    var masterNames: [MasterName] { driver.core.masterNames }
    func isWatched(_ name: MasterName) -> Bool { driver.core.isWatched(name) }
    var timing: Timing { driver.core.timing }
    func answer(to command: Command) -> Response? { driver.answer(to: command) }
    func obey(_ request: RequestID, _ command: Command) { driver.receive(.command(request, command)) }
    func hasPeer(at host: String) -> Bool { driver.core.hasPeer(at: host) }

    func infoFacts() -> InfoText.Facts {
        InfoText.Facts(
            runID: runID, settings: configuration.server, maxClients: clientLimit, supervisor: serviceManager.name,
            configurationFile: path, stateFile: stateFile.path,
            uptimeSeconds: Int((MonotonicClock.now - startedAt) / 1_000_000_000), traffic: port?.traffic ?? Traffic(),
            clients: port?.infoFacts ?? InfoText.Clients(), failedAccepts: listeners.failedAccepts)
    }
}
