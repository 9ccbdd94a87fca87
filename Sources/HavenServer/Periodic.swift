// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import Glibc
import HTTPSupport
import Logging
import ServiceLifecycle
import UnixSignals

/// Work that repeats until the server ends. What one run throws is logged; the next run comes all the same.
struct Periodic: Service {
    private let name: String
    private let interval: Duration
    private let logger: Logger
    private let work: @Sendable () async throws -> Void

    init(_ name: String, every interval: Duration, logger: Logger, _ work: @escaping @Sendable () async throws -> Void)
    {
        self.name = name
        self.interval = interval
        self.logger = logger
        self.work = work
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // A cancelled sleep is the end of the server, not a fault.
                guard (try? await Task.sleep(for: interval)) != nil else { return }
                do {
                    try await work()
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("periodic work failed", metadata: ["work": "\(name)", "error": "\(error)"])
                }
            }
        }
    }
}

/// Puts a changed certificate into use: files are looked at now and then, and at once on SIGHUP.
struct CertificateReload: Service {
    private let certificates: TLSCertificates?
    private let logger: Logger

    init(_ certificates: TLSCertificates?, logger: Logger) {
        self.certificates = certificates
        self.logger = logger
    }

    func run() async throws {
        let certificates = certificates
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sighup) { certificates?.reload() }
                }
                group.addTask {
                    while (try? await Task.sleep(for: .seconds(10))) != nil { certificates?.reloadIfChanged() }
                }
            }
        }
    }
}

/// Warns before the store's reserve is reached, once for each time it comes near.
struct SpaceWatch: Service {
    private let blobs: any BlobStore
    private let logger: Logger

    init(_ blobs: any BlobStore, logger: Logger) {
        self.blobs = blobs
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var warned = false
            repeat {
                // A store without a limit of its own has nothing to watch, and a service must not end by itself.
                guard let space = await blobs.space() else { continue }
                if space.isLow, !warned {
                    logger.warning(
                        "disk space is low", metadata: ["free": "\(space.free)", "reserve": "\(space.reserve)"])
                }
                warned = space.isLow
            } while (try? await Task.sleep(for: .seconds(15))) != nil
        }
    }
}
