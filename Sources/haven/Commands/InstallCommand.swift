// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import HavenServer
import Installer

/// `haven install`: what `install.sh` does.
struct InstallCommand: HavenCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Install Haven on this host, from an unpacked installer or a bundle of another node.",
        discussion: """
            Everything is looked at first: settings, database, Redis, store, ports, certificate, clock and disk. Every fault is \
            told at once with its remedy, and then nothing is changed. Running it again changes only what needs change.

            With systemd a unit is installed and started. Without it, the command stays in the foreground and keeps the \
            server running.
            """)
    @Option(help: ArgumentHelp("The unpacked folder, with haven.cfg.", valueName: "folder"), completion: .directory)
    var from = "."
    @Option(
        help: ArgumentHelp("Where to install; another folder than /usr/local holds everything.", valueName: "folder"),
        completion: .directory)
    var prefix = "/usr/local"
    @Flag(help: "This is one of several nodes on a shared database.") var ha = false
    @Flag(help: "Say what the scanner would need; this version has none yet.") var withClair = false
    @Flag(help: "Say what content trust would need; this version has none yet.") var withNotary = false
    @Flag(help: "Look at everything, print what would be done, and change nothing.") var dryRun = false
    @Flag(help: "Install, and leave starting to somebody else.") var noStart = false
    @Flag(help: "Take the installation away; data, settings and keys stay.") var uninstall = false
    @Flag(help: "With --uninstall: data, settings and keys go too. There is no way back.") var purge = false
    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        if purge, !uninstall { throw ValidationError("--purge goes with --uninstall.") }
    }

    func run(_ context: CommandContext) async throws {
        do {
            if uninstall { try await remove(context) } else { try await install(context) }
        } catch let fault as InstallFault {
            throw CommandFailure(fault.description)
        }
    }

    private func install(_ context: CommandContext) async throws {
        if let key = context.flags.keys.min() {
            // The installed server would not have them.
            throw ValidationError("An installation takes its settings from haven.cfg alone; put \(key) there.")
        }
        let source = absolute(from)
        let bundled = try BundledSettings(
            file: settings.config ?? "\(source)/haven.cfg", source: source, environment: context.environment)
        let settings = bundled.installed
        for warning in settings.warnings { printError("warning: \(warning)") }
        announceParts(settings)
        var options = InstallOptions(source: source, prefix: absolute(prefix), program: try Executable.path())
        options.isHighlyAvailable = ha
        options.starts = !noStart
        let machine = Machine.current()
        let plan = await Planner(options, bundled, machine: machine).plan()
        show(plan.text)
        if !plan.faults.isEmpty { throw CommandEnd.failed }
        if dryRun {
            print("this was a dry run: nothing was changed")
            return
        }
        try await Installation(plan).apply { show("- \($0)") }
        try await start(plan, settings, isManaged: plan.places.isSystemWide && machine.hasSystemd)
    }

    private func announceParts(_ settings: Settings) {
        if withClair {
            print(
                "--with-clair: this version has no scanner yet; "
                    + (settings.scanner.database == nil
                        ? "once it has, it will need clair_db_host" : "the database of clair_db_host is looked at now"))
        }
        if withNotary { print("--with-notary: this version has no content trust yet; nothing is switched on") }
    }

    private func start(_ plan: InstallPlan, _ settings: Settings, isManaged: Bool) async throws {
        if noStart { return }
        if isManaged {
            guard await HealthProbe(settings.listener).waitUntilHealthy(within: .seconds(60)) else {
                throw CommandFailure("the server is not healthy after a minute; see journalctl -u haven")
            }
            show(settings.loginText())
            return
        }
        if settings.isServed {
            show(
                "a server runs already on \(settings.data.folder)"
                    + (plan.steps.isEmpty
                        ? "" : "; what was changed counts from its next start: end it, and run this again"))
            return
        }
        show("no unit of systemd runs it: this command keeps the server running; end it with Ctrl-C")
        try await SuperviseCommand.supervise(plan.places.program, settings, config: plan.places.settings)
    }

    private func remove(_ context: CommandContext) async throws {
        let places = InstallPlaces(prefix: absolute(prefix))
        let settings =
            SmallFile.isAbsent(places.settings)
            ? nil
            : try Settings.load(file: places.settings, flags: context.flags, environment: context.environment)
        let removal = Removal(places, settings, machine: .current(), purges: purge)
        if removal.paths.isEmpty { print("nothing is installed in \(places.prefix)") }
        if dryRun {
            for path in removal.paths { print("remove \(path)") }
            print("this was a dry run: nothing was changed")
            return
        }
        try await removal.run { print($0) }
        if let settings, !purge {
            print("data, settings and keys stay in \(settings.data.folder) and \(places.settings)")
        }
    }

    private func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        return URL(filePath: whole).standardized.path(percentEncoded: false).droppingLastSlash
    }
}

/// The running program.
enum Executable {
    static func path() throws -> String {
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw CommandFailure("/proc is not there; mount it: mount -t proc proc /proc")
        }
        return path
    }
}

extension String {
    fileprivate var droppingLastSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}
