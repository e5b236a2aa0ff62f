// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore
import SentinelWire
import TransportSecurity

/// From the command line to a running sentinel, or to a sentence on why there is none.
///
/// - Source: spec/config-and-process.md 4, 6, 7.
package enum Launch {
    /// Kept for the life of the process.
    private static var server: Server?
    private static var signals: ProcessSignals?

    /// - Parameter words: The command line, the program's name first.
    package static func run(_ words: [String]) {
        FreedMemory.returnSoon()
        CrashReport.restoreDefaultActions()
        do throws(SystemError) {
            try Background.openStandardDescriptors()
            Background.keepInheritedDescriptors()
        } catch {
            ProcessFacts.exit(1)  // and nowhere to say why
        }
        switch Arguments.parse(Array(words.dropFirst())) {
        case .run(let invocation): run(invocation)
        case .checkConfiguration(let invocation): check(invocation)
        case .showVersion: ProcessFacts.show("\(versionLine)\n")
        case .showHelp: fail(usage)
        }
    }

    private static func run(_ invocation: Invocation) {
        ProcessTitle.hide(argumentsAt: invocation.secretPositions)
        let (path, configuration) = read(invocation)
        let log = Logger(configuration.server)
        do throws(SystemError) {
            try log.check()
        } catch {
            fail(
                "\n*** FATAL CONFIG FILE ERROR (Redis \(InfoText.redisVersion)) ***\n"
                    + "Can't open the log file: \(error.message)\n")
        }
        let serviceManager = ServiceManager(configuration.server.supervision, log: log)
        serviceManager.starting()
        let isInBackground = configuration.server.daemonizes && !serviceManager.forbidsBackground
        if isInBackground { ProcessSetup.goToBackground(log) }
        catchSignals(configuration.server, log)
        log.write(.notice, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo")
        log.write(
            .notice,
            "Redis version=\(InfoText.redisVersion), bits=\(Int.bitWidth), commit=00000000, modified=0, "
                + "pid=\(ProcessFacts.id), just started")
        log.write(.notice, "Configuration loaded")
        for warning in configuration.warnings { log.write(.warning, warning.text) }
        ProcessSetup.prepare(configuration.server, configurationFile: path, log: log)
        start(configuration, path: path, serviceManager, isInBackground: isInBackground, log: log)
    }

    private static func catchSignals(_ settings: ServerSettings, _ log: Logger) {
        do throws(SystemError) {
            signals = try ProcessSignals(logFile: settings.logFile)
        } catch {
            refuse(log, "Can't watch for signals: \(error)")
        }
    }

    private static func start(
        _ configuration: Configuration, path: String, _ serviceManager: ServiceManager, isInBackground: Bool,
        log: Logger
    ) {
        let stateFile = StateFile(configuration, configurationPath: path, log: log)
        if let refusal = stateFile.refusal { refuse(log, refusal) }
        let tls = loadTLS(configuration, log)
        let access: Access
        do throws(Access.StartError) {
            access = try Access(configuration.server)
        } catch {
            refuse(log, "Aborting Redis startup because of ACL errors: \(error.text)")
        }
        let diagnosis = SecurityDiagnosis(settings: configuration.server.tls, log: log)
        let listeners = Listeners(configuration.server, tls: tls, diagnosis: diagnosis, log: log)
        let clientLimit: Int
        do throws(Listeners.Refusal) {
            clientLimit = try ClientLimit.settle(configuration, log: log)
            log.write(.notice, "monotonic clock: POSIX clock_gettime")
            try listeners.open()
        } catch {
            refuse(log, error.text)
        }
        let source = LinkSource(configuration.server)
        if let warning = source.warning { log.write(.warning, warning) }
        let surroundings = Server.Surroundings(
            listeners: listeners, tls: tls, stateFile: stateFile, serviceManager: serviceManager,
            source: source, clientLimit: clientLimit,
            processIDFile: ProcessSetup.writeProcessID(
                configuration.server, isInBackground: isInBackground, log: log))
        log.write(.notice, "Running mode=sentinel, port=\(configuration.server.portForPeople).")
        listeners.warnOfShortBacklog()
        stateFile.removeLeftovers()
        let identity = identify(configuration, stateFile)
        let server = Server(
            configuration, access: access, myID: identity.runID, path: path, surroundings: surroundings, log: log)
        self.server = server
        do throws(SystemError) {
            try signals?.obey(log: log) {
                server.shutDown(reason: "User requested shutdown...")
            } reload: {
                server.reload()
            }
        } catch {
            refuse(log, "Can't watch for signals: \(error)")
        }
        server.start()
        // What is remembered may stand in the configuration alone as yet, which somebody else writes.
        if !identity.isSaved || stateFile.isSeparate { server.save() }
        serviceManager.ready()
    }

    /// Everything TLS needs, before anything is opened or written; `nil` where none is configured.
    private static func loadTLS(_ configuration: Configuration, _ log: Logger) -> TLS? {
        do throws(TLSError) {
            guard let tls = try TLS.load(configuration.server.tls) else { return nil }
            log.write(.notice, "TLS by \(tls.libraryText)")
            for warning in tls.warnings { log.write(.warning, warning) }
            return tls
        } catch {
            refuse(log, "Failed to configure TLS: \(error)")
        }
    }

    /// The sentinel's identity; a new one is on disk before anybody hears of it, unless nothing can be saved.
    private static func identify(
        _ configuration: Configuration, _ stateFile: StateFile
    ) -> (runID: RunID, isSaved: Bool) {
        if let known = configuration.sentinel.myID { return (known, isSaved: true) }
        var system = SystemRandomNumberGenerator()
        var configuration = configuration
        let runID = RunID(using: &system)
        configuration.sentinel.myID = runID
        return (runID, isSaved: stateFile.saveNow(configuration))
    }

    // MARK: Reading

    /// Reads and judges; nothing is started or written.
    private static func check(_ invocation: Invocation) {
        let (path, configuration) = read(invocation)
        let check = ConfigurationCheck(configuration, path: path)
        for line in check.advice { ProcessFacts.complain(Array("\(line)\n".utf8)) }
        if let refusal = check.refusal { fail("\(refusal)\n") }
        ProcessFacts.show("\(check.verdict)\n")
    }

    private static func read(_ invocation: Invocation) -> (path: String, Configuration) {
        guard let file = invocation.file else {
            fail("Sentinel needs config file on disk to save state. Exiting...\n")
        }
        let path = ProcessFacts.absolute(file)
        let text: [UInt8]
        do throws(SystemError) {
            text = try FileReplacement.readFile(path)
        } catch {
            fail("Fatal error, can't open config file '\(path)': \(error.message)\n")
        }
        let input = invocation.readsStandardInput ? readStandardInput() : nil
        let sources = ConfigurationSources(
            file: SourceFile(name: path, text: text), standardInput: input, options: invocation.options)
        return (path, interpret(sources))
    }

    private static func readStandardInput() -> [UInt8] {
        do throws(SystemError) {
            return try ProcessFacts.readStandardInput()
        } catch {
            fail("Fatal error, can't read standard input: \(error.message)\n")
        }
    }

    private static let versionLine =
        "Redis server v=\(InfoText.redisVersion) sha=00000000:0 malloc=libc bits=\(Int.bitWidth) "
        + "build=swift-sentinel-\(InfoText.ownVersion)"

    private static let usage = """
        Usage: redis-sentinel FILE [--option value ...] [-]
               redis-sentinel FILE --check-config [--option value ...]
               redis-sentinel --version | --help

        FILE is the sentinel's configuration. The sentinel keeps its state there too, so it must be writable, unless a
        line `sentinel state-file PATH` names another place for that.
        An option is a line of configuration after the file, such as --port 26380 or
        --sentinel monitor mymaster 127.0.0.1 6379 2; '-' reads more lines from standard input.
        --check-config says whether a sentinel would start with this, and what is unwise about it; it starts and
        writes nothing. Its status is 0 when the configuration can be used and 1 when not.

        """

    private static func interpret(_ sources: ConfigurationSources) -> Configuration {
        do throws(ConfigurationError) {
            return try Configuration.read(sources, environment: HostEnvironment())
        } catch {
            ProcessFacts.complain(error.report(version: "Redis \(InfoText.redisVersion)"))
            ProcessFacts.exit(1)
        }
    }

    private static func fail(_ text: String) -> Never {
        ProcessFacts.complain(Array(text.utf8))
        ProcessFacts.exit(1)
    }

    private static func refuse(_ log: Logger, _ text: String) -> Never {
        log.write(.warning, text)
        ProcessFacts.exit(1)
    }
}
