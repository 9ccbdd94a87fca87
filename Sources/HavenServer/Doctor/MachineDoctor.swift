// SPDX-License-Identifier: Apache-2.0

/// Examines the machine and the places that the settings name. It changes nothing and needs no running server.
package struct MachineDoctor: Sendable {
    let settings: Settings

    package init(_ settings: Settings) {
        self.settings = settings
    }

    /// Everything that was looked at, in the order of looking. The last finding states how durable a push is.
    package func examine() async -> [Finding] {
        let folder = settings.data.folder
        let place = DataPlace(folder, holdsDatabase: isEmbedded)
        var (findings, flush) = look(at: place)
        if settings.data.storage.fileRoot == nil {
            findings.append(await StorageCheck.finding(settings))
        } else if !settings.data.storageRoot.hasPrefix(folder + "/") {
            let store = DataPlace(
                settings.data.storageRoot, holdsDatabase: false, key: "registry_storage_provider_config")
            findings += look(at: store).findings
        }
        findings.append(ClockCheck.finding(newest: place.newestChange))
        findings += await PortCheck.findings(settings.listener, isServing: place.isServed)
        findings += CertificateCheck.findings(settings.listener)
        findings += await RedisCheck.findings(settings.redis)
        findings += await ScannerCheck.findings(settings.scanner)
        findings += ResourceCheck.findings(settings.limits)
        let database = await DatabaseCheck.findings(settings)
        findings += database
        findings.append(durability(place, flush?.isDone ?? false, database))
        return findings
    }

    /// A folder that may not be entered is not tried, and of one where nothing can be kept nothing else is told.
    private func look(at place: DataPlace) -> (findings: [Finding], flush: FlushProbe?) {
        let findings = place.findings(reserve: settings.data.diskReserveBytes)
        if findings.contains(where: { $0.level == .fault && $0.subject == "data folder" }) { return (findings, nil) }
        let flush = FlushProbe.run(in: place.existing)
        let told = flush.isDone ? findings : findings.filter { $0.level != .fault }
        return (told + [flush.finding(key: place.key)], flush)
    }

    private var isEmbedded: Bool { settings.database.kind == .sqlite }

    /// What survives what, said once and plainly.
    private func durability(_ place: DataPlace, _ isFlushed: Bool, _ database: [Finding]) -> Finding {
        if place.isVolatile {
            return Finding(
                .fault, "durability",
                "\(place.fileSystem ?? "this file system") lives in memory: a push survives the end of the process, "
                    + "and nothing survives a restart of the machine")
        }
        guard place.isLocal || !isEmbedded, isFlushed, !database.contains(where: { $0.level == .fault }) else {
            // No fault of its own: who puts the others right has put this right.
            return Finding(.warning, "durability", "it is not known before the faults above are put right")
        }
        if !isEmbedded {
            return Finding(
                .good, "durability",
                "an acknowledged push survives the end of the process, a crash of this machine and a crash of the "
                    + "database server, as far as the disks keep what they say they have flushed; what a failover of the "
                    + "database keeps is said above")
        }
        if settings.data.storage.fileRoot == nil {
            return Finding(
                .good, "durability",
                "an acknowledged push is in the object store, as durable as that is, and its rows survive the end of the "
                    + "process, a crash of the machine and a power cut, as far as the disk keeps what it says it has "
                    + "flushed")
        }
        return Finding(
            .good, "durability",
            "an acknowledged push survives the end of the process, a crash of the machine and a power cut, as "
                + "far as the "
                + "disk keeps what it says it has flushed; it does not survive the loss of the disk (see haven backup)")
    }
}
