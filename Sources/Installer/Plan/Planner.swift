// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import HavenServer

/// Makes the plan of an installation: looks at everything, changes nothing.
package struct Planner: Sendable {
    let options: InstallOptions
    let settings: Settings
    /// The same settings with files of the bundle in the place of those that it will bring.
    private let looked: Settings
    let machine: Machine
    /// Whether the folder holds what `haven cluster bundle` packed.
    var bundledKey: String { options.source + "/secretkey" }
    var places: InstallPlaces { InstallPlaces(prefix: options.prefix) }

    package init(_ options: InstallOptions, _ settings: BundledSettings, machine: Machine) {
        self.options = options
        self.settings = settings.installed
        looked = settings.looked
        self.machine = machine
    }

    package func plan() async -> InstallPlan {
        var plan = InstallPlan(options: options, settings: settings)
        plan.findings = rights + SettingsLook(options: options, settings: settings).findings
        plan.findings += await MachineDoctor(looked).examine().map(strictly)
        plan.findings += keys
        let isEmpty = await lookAtDatabase(&plan)
        if isEmpty { plan.findings += firstPassword }
        if plan.faults.isEmpty { plan.steps = steps(isEmpty: isEmpty) }
        return plan
    }

    /// Adds what is wrong with joining the cluster.
    ///
    /// - Returns: Whether the database has no first rows yet.
    private func lookAtDatabase(_ plan: inout InstallPlan) async -> Bool {
        guard settings.database.kind != .sqlite else { return SmallFile.isAbsent(settings.databasePath) }
        // What the doctor or the keys have told already would only be told twice.
        guard !plan.faults.contains(where: { ["database", "schema", "secrets"].contains($0.subject) }) else {
            return false
        }
        do {
            let look = try await ClusterLook(looked, keyFolder: keyFolder)
            plan.findings += look.findings(settings)
            return look.isEmpty || look.opensSecrets == nil && !look.lacksKey && !look.isOlder
        } catch {
            plan.findings.append(Finding(.fault, "database", "\(error)", key: "db_host"))
            return false
        }
    }

    private var firstPassword: [Finding] {
        guard let password = settings.identity.adminPassword?.reveal(),
            let refusal = AccessService.refusal(ofFirstPassword: password)
        else { return [] }
        return [Finding(.fault, "password", refusal, key: "harbor_admin_password")]
    }

    /// A server goes on without Redis and scanner; whoever names them at an installation wants them to work.
    private func strictly(_ finding: Finding) -> Finding {
        guard finding.level == .warning, let key = finding.key, ["redis_url", "clair_db_host"].contains(key) else {
            return finding
        }
        return Finding(.fault, finding.subject, finding.text + "; put it right or remove the line", key: key)
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
            return unusableKey
        }
        return [
            Finding(
                .fault, "secrets",
                "\(own) is another than the bundle's; this host was a node of another cluster: remove the file if that is over",
                key: "secretkey_path")
        ]
    }

    private var unusableKey: [Finding] {
        guard let keyFolder else { return [] }
        do throws(AccessError) {
            _ = try SecretKey.load(folder: keyFolder)
            return []
        } catch {
            return [
                Finding(.fault, "secrets", "\(error.message); copy the file of a running node", key: "secretkey_path")
            ]
        }
    }
}
