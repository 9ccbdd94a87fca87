// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import HavenServer

/// Makes the plan of an installation: looks at everything, changes nothing.
package struct Planner: Sendable {
    let options: InstallOptions
    let settings: Settings
    let machine: Machine
    /// Whether the folder holds what `haven cluster bundle` packed.
    var bundledKey: String { options.source + "/secretkey" }
    var places: InstallPlaces { InstallPlaces(prefix: options.prefix) }

    package init(_ options: InstallOptions, _ settings: Settings, machine: Machine) {
        self.options = options
        self.settings = settings
        self.machine = machine
    }

    package func plan() async -> InstallPlan {
        var plan = InstallPlan(options: options, settings: settings)
        plan.findings = rights + SettingsLook(options: options, settings: settings).findings
        let places = bundledFiles.map(\.place)
        plan.findings += await MachineDoctor(settings).examine()
            .map(strictly).filter { !awaits(places, $0) }
        plan.findings += keys
        var isEmpty = settings.database.kind == .sqlite && SmallFile.isAbsent(settings.databasePath)
        if settings.database.kind != .sqlite {
            do {
                let look = try await ClusterLook(settings, keyFolder: keyFolder)
                plan.findings += look.findings(settings)
                isEmpty = look.isEmpty || look.opensSecrets == nil && !look.lacksKey
            } catch {
                // The doctor has told the same of the database, with the key to change.
                if plan.faults.isEmpty { plan.findings.append(Finding(.fault, "database", "\(error)", key: "db_host")) }
            }
        }
        if plan.faults.isEmpty { plan.steps = steps(isEmpty: isEmpty) }
        return plan
    }

    /// A server goes on without Redis and scanner; whoever names them at an installation wants them to work.
    private func strictly(_ finding: Finding) -> Finding {
        guard finding.level == .warning, let key = finding.key, ["redis_url", "clair_db_host"].contains(key) else {
            return finding
        }
        return Finding(.fault, finding.subject, finding.text + "; put it right or remove the line", key: key)
    }

    /// Whether a fault is about a file that the bundle brings along.
    private func awaits(_ places: [String], _ finding: Finding) -> Bool {
        guard finding.level == .fault, finding.subject == "certificate" else { return false }
        let files = [settings.listener.certificate, settings.listener.certificateKey].compactMap { $0 }
        return !places.isEmpty && files.allSatisfy { places.contains($0) || !SmallFile.isAbsent($0) }
            && files.contains { SmallFile.isAbsent($0) }
    }

    private var rights: [Finding] {
        guard places.isSystemWide, !machine.isRoot else { return [] }
        return [
            Finding(
                .fault, "rights",
                "installing into \(options.prefix) needs root; run it with sudo, or give --prefix and a folder of yours"
            )
        ]
    }

    /// The folder with the secret key that this node will have.
    private var keyFolder: String? {
        if !SmallFile.isAbsent(bundledKey) { return options.source }
        let folder = settings.data.secretKeyFolder
        return SmallFile.isAbsent("\(folder)/secretkey") ? nil : folder
    }

    private var keys: [Finding] {
        let own = "\(settings.data.secretKeyFolder)/secretkey"
        guard let brought = SmallFile.read(bundledKey), let present = SmallFile.read(own), brought != present else {
            return []
        }
        return [
            Finding(
                .fault, "secrets",
                "\(own) is another than the bundle's; this host was a node of another cluster: remove the file if that is over",
                key: "secretkey_path")
        ]
    }
}
