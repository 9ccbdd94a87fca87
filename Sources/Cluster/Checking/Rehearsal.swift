// SPDX-License-Identifier: Apache-2.0

/// A host's files made fit for a look by the real programs on a machine that is not the host.
///
/// Paths on the host become paths below a folder, so that keepalived finds its scripts; a certificate that this machine has
/// not is left out. Nothing else differs from what the host gets.
package struct Rehearsal: Sendable {
    /// One program to run, and what its answer is about.
    package struct Run: Hashable, Sendable {
        /// The file that is looked at, below the host's folder.
        package let file: String
        package let program: String
        package let arguments: [String]
        /// Whether the program asks the kernel, which only root may.
        package let needsRoot: Bool
    }

    /// The files to write below the folder.
    package let files: [RenderedFile]
    /// What to run once they are there.
    package let runs: [Run]

    /// - Parameters:
    ///   - host: The host's files.
    ///   - folder: The whole path of the folder that they will be in.
    ///   - certificate: A certificate that the files name and this machine lacks; nil when there is none such.
    package init(of host: RenderedHost, in folder: String, lacking certificate: String? = nil) {
        files = host.files.filter { $0.path != "README.md" }.map { file in
            let text = file.text.replacing("/etc/haven/", with: "\(folder)/etc/haven/")
            let tls = certificate.map { " ssl crt \($0) alpn h2,http/1.1" } ?? ""
            let isConfiguration = !file.isExecutable && !file.path.hasSuffix(".service")
            return isConfiguration
                ? RenderedFile(file.path, tls.isEmpty ? text : text.replacing(tls, with: "")) : file
        }
        runs = files.compactMap { Self.run($0, in: folder) }
    }

    private static func run(_ file: RenderedFile, in folder: String) -> Run? {
        let name = file.path.split(separator: "/").last ?? ""
        let call: (program: String, flags: [String])? =
            switch name {
            case "keepalived.conf": ("keepalived", ["-t", "-f"])
            case "haproxy.cfg": ("haproxy", ["-c", "-q", "-f"])
            case _ where name.hasSuffix(".sh"): ("bash", ["-n"])
            case _ where name.hasSuffix(".nft"): ("nft", ["-c", "-f"])
            default: nil
            }
        return call.map { call in
            Run(
                file: file.path, program: call.program, arguments: call.flags + ["\(folder)/\(file.path)"],
                needsRoot: call.program == "nft")
        }
    }
}

/// What a program said of a file.
package struct ProgramVerdict: Hashable, Sendable {
    /// What is wrong with the file; nil when nothing is.
    package let complaint: String?
    /// Interfaces that the file names and this machine lacks: no fault of the file.
    package let missingInterfaces: [String]

    /// - Parameters:
    ///   - run: What was run.
    ///   - status: The exit status.
    ///   - output: Everything it printed.
    package init(of run: Rehearsal.Run, status: Int, output: String) {
        let lines = output.split(separator: "\n").map(String.init)
        let ofMachine = run.program == "keepalived" ? lines.filter(Self.isAboutThisMachine) : []
        missingInterfaces = Array(Set(ofMachine.compactMap(Self.interface))).sorted()
        let others = lines.filter { !ofMachine.contains($0) }
        // For what is missing on this machine alone, keepalived ends with its status for wrong files all the same.
        let isBad = status != 0 && (ofMachine.isEmpty || !others.isEmpty)
        complaint = isBad ? (others.isEmpty ? "exit status \(status)" : others.joined(separator: "; ")) : nil
    }

    /// Interfaces are on the hosts, and only root's scripts are safe to run as root.
    private static func isAboutThisMachine(_ line: String) -> Bool {
        line == "Non-existent interface specified in configuration"
            || line.contains("WARNING - interface ") && line.hasSuffix(" doesn't exist")
            || line.hasPrefix("Disabling track script ") && line.hasSuffix(" due to insecure")
    }

    private static func interface(_ line: String) -> String? {
        guard let start = line.firstRange(of: "WARNING - interface ") else { return nil }
        return String(line[start.upperBound...].prefix { $0 != " " })
    }
}
