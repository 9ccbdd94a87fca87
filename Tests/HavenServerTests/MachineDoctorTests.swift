// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import HavenServer
import Testing

@Suite("the doctor's look at the machine")
struct MachineDoctorTests {
    private func examine(_ lines: String, _ body: (String, [Finding]) throws -> Void) async throws {
        let folder = "/tmp/haven-doctor-\(UInt64.random(in: .min ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        mkdir(folder, 0o700)
        let settings = try load(
            "data_volume = \(folder)\nlisten = 127.0.0.1\nmetrics_port = 0\nhttp_port = 0\n\(lines)")
        try body(folder, await MachineDoctor(settings).examine())
    }

    @Test("finds a good place good, and says how durable a push is")
    func good() async throws {
        try await examine("listen = /tmp/x.sock") { folder, findings in
            #expect(findings.first { $0.subject == "data folder" }?.level == .good)
            #expect(findings.first { $0.subject == "flush to disk" }?.text.contains("median") == true)
            #expect(findings.last?.subject == "durability")
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(left.isEmpty)
        }
    }

    @Test("finds a disk whose reserve is reached at fault")
    func reserve() async throws {
        try await examine("listen = /tmp/x.sock\ndisk_reserve = 100T") { _, findings in
            #expect(findings.first { $0.subject == "disk space" }?.level == .fault)
        }
    }

    @Test("warns of a folder that others may enter")
    func rights() async throws {
        try await examine("listen = /tmp/x.sock\nregistry_storage_provider_config = rootdirectory: /tmp") {
            _, findings in
            #expect(findings.contains { $0.level == .warning && $0.text.contains("/tmp is open to other accounts") })
        }
    }

    @Test("finds memory that calls itself a disk at fault")
    func volatile() async throws {
        let settings = try load(
            "data_volume = /dev/shm/haven-doctor\nlisten = /tmp/x.sock\nhttp_port = 0\nmetrics_port = 0")
        #expect(await MachineDoctor(settings).examine().last?.level == .fault)
    }

    @Test("warns when the scanner's database does not answer, without its password")
    func scanner() async throws {
        let lines = "listen = /tmp/x.sock\nclair_db_host = 127.0.0.1\nclair_db_port = 1\nclair_db_password = hunter2"
        try await examine(lines) { _, findings in
            let found = findings.first { $0.subject == "scanner" }
            #expect(found?.level == .warning)
            #expect(found?.text.hasPrefix("postgres at 127.0.0.1:1 as postgres cannot be used: ") == true)
            #expect(!findings.contains { $0.text.contains("hunter2") })
        }
    }

    @Test("finds a port that another program has at fault")
    func port() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listener, $0, length)
                _ = listen(listener, 1)
                _ = getsockname(listener, $0, &length)
            }
        }
        try await examine("http_port = \(UInt16(bigEndian: address.sin_port))") { _, findings in
            #expect(findings.first { $0.subject == "port" }?.text.contains("another program") == true)
        }
    }

    @Test("finds a certificate that is none at fault")
    func certificate() async throws {
        let tls = "https_port = 65001\nssl_cert = /dev/null\nssl_cert_key = /dev/null"
        try await examine(tls) { _, findings in
            #expect(findings.first { $0.subject == "certificate" }?.level == .fault)
        }
    }
}
