// SPDX-License-Identifier: Apache-2.0
import SQLStorage
import TestKit
import Testing

extension ClusterTests {
    /// The database fails under load: the rows F6 to F9 of the fault matrix, on servers of their own.
    @Suite struct DatabaseFaultTests {
        @Test(
            "F6: the primary dies and a synchronous stand-by is promoted: no pull fails, no acknowledged push is lost",
            arguments: ClusterPair.stores(.filesystem))
        func primaryKilled(_ store: ClusterStore) async throws {
            try await failover("F6 (stand-by, \(store))", store) { primary in
                try await primary.process.kill()
            }
        }

        @Test(
            "F7: a primary that hangs is left for its promoted stand-by, and writes nothing more when it goes on",
            arguments: ClusterPair.stores(.filesystem))
        func primaryHangs(_ store: ClusterStore) async throws {
            try await failover("F7 (stand-by, \(store))", store) { primary in
                primary.process.pause()
            } afterwards: { primary, cluster in
                primary.process.resume()
                // A node that starts meets the old primary first.
                try await cluster.nodes[1].stop()
                try await cluster.nodes[1].start()
            }
        }

        /// Two nodes on a primary that `fault` takes away, and a synchronous stand-by that is promoted instead.
        private func failover(
            _ name: String, _ store: ClusterStore, _ fault: (PostgreSQLServer) async throws -> Void,
            afterwards: (PostgreSQLServer, HavenCluster) async throws -> Void = { _, _ in }
        ) async throws {
            try await withPostgreSQL { primary in
                let standby = try await primary.makeStandby()
                try await primary.change("synchronous_standby_names", to: "'*'")
                var place = try await primary.makeDatabase()
                place.hosts.append(.init("127.0.0.1", port: standby.port))
                try await withCluster(of: 2, on: ClusterDatabase.postgresql.settings(place), store) { cluster in
                    let outcome = try await FaultTrial(name, on: cluster).run { trial in
                        try await fault(primary)
                        try await standby.promote()
                        // The new primary has no stand-by to wait for.
                        try await standby.change("synchronous_standby_names", to: "''")
                        try await trial.awaitPushes()
                        try await afterwards(primary, cluster)
                    }
                    #expect(outcome.violations == [])
                    #expect(outcome.pulls.failedPulls == 0)
                }
                try await standby.process.stop()
            }
        }

        @Test(
            "F6: without a stand-by pulls go on from what each node last knew, and pushes when the database is back",
            arguments: ClusterPair.stores(.s3))
        func onlyServerKilled(_ store: ClusterStore) async throws {
            try await withPostgreSQL { server in
                let place = ClusterDatabase.postgresql.settings(try await server.makeDatabase())
                let settings = ["outage_patience": "2s"]
                try await withCluster(of: 2, on: place, store, settings: settings) { cluster in
                    try await cluster.clients[0].push(TestImage.make(), to: "library/never", at: "v1")
                    let outcome = try await FaultTrial("F6 (no stand-by, \(store))", on: cluster).run { trial in
                        try await server.process.kill()
                        for node in cluster.nodes { try await trial.awaitOutage(of: node) }
                        try await expectOutage(cluster)
                        try await server.start()
                    }
                    #expect(outcome.violations == [])
                    #expect(outcome.pulls.failedPulls == 0)
                    #expect(outcome.pulls.staleAnswers > 0)
                }
            }
        }

        /// What was never read on a node is no 404, pushes are told to come back, and balancers leave the node alone.
        private func expectOutage(_ cluster: HavenCluster) async throws {
            let scopes = ["repository:library/never:pull", "repository:library/steady:pull,push"]
            let token = try await cluster.token(scopes)
            let unread = try await cluster.clients[1].send(
                "GET", "/v2/library/never/manifests/v1", ["Accept": "*/*"], as: .verbatim(token))
            #expect(unread.status == 503, "\(unread)")
            let push = try await cluster.clients[0].send(
                "POST", "/v2/library/steady/blobs/uploads/", as: .verbatim(token))
            #expect(push.status == 503 && push["retry-after"] != nil, "\(push)")
            let known = try await cluster.clients[1].send(
                "GET", "/v2/library/steady/manifests/tag0", ["Accept": "*/*"], as: .verbatim(token))
            #expect(known.status == 200 && known["warning"]?.hasPrefix("110") == true, "\(known)")
            let balancer = try await cluster.clients[0].send("GET", "/healthz", as: .none)
            #expect(balancer.status == 200)
        }

        @Test(
            "F7: a database that hangs holds no pull up for longer than a moment, and nothing is written twice",
            arguments: ClusterPair.stores(.filesystem))
        func serverHangs(_ store: ClusterStore) async throws {
            try await trial("F7", store, recovery: .seconds(60)) { server, cluster, trial in
                server.process.pause()
                for node in cluster.nodes { try await trial.awaitOutage(of: node) }
                server.process.resume()
            }
        }

        @Test(
            "F8: while the database takes no writes, pulls go on and pushes are told to come back",
            arguments: ClusterPair.stores(.swift))
        func readOnly(_ store: ClusterStore) async throws {
            try await trial("F8", store) { server, cluster, _ in
                try await server.change("default_transaction_read_only", to: "on")
                let isSeen = try await eventually {
                    let answer = try await cluster.clients[0].send("GET", "/api/v2.0/health", as: .none)
                    return answer.status == 503 && answer.text.contains("pulls")
                }
                #expect(isSeen)
                try await server.change("default_transaction_read_only", to: "off")
            }
        }

        @Test(
            "F9: when others take all connections, pulls go on, and all is well seconds after their release",
            arguments: ClusterPair.stores(.filesystem))
        func noConnections(_ store: ClusterStore) async throws {
            try await trial("F9", store) { server, cluster, trial in
                try await server.sql("ALTER ROLE haven CONNECTION LIMIT 0")
                try await server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'haven'")
                for node in cluster.nodes { try await trial.awaitOutage(of: node) }
                try await server.sql("ALTER ROLE haven CONNECTION LIMIT -1")
            }
        }

        /// Two nodes on a PostgreSQL of its own, which `fault` breaks and mends: no pull fails, nothing is lost.
        private func trial(
            _ row: String, _ store: ClusterStore, recovery limit: Duration = .seconds(30),
            _ fault: (PostgreSQLServer, HavenCluster, FaultTrial) async throws -> Void
        ) async throws {
            try await withPostgreSQL { server in
                let place = ClusterDatabase.postgresql.settings(try await server.makeDatabase())
                try await withCluster(of: 2, on: place, store) { cluster in
                    let outcome = try await FaultTrial("\(row) (\(store))", on: cluster).run(recovery: limit) { trial in
                        try await fault(server, cluster, trial)
                    }
                    #expect(outcome.violations == [])
                    #expect(outcome.pulls.failedPulls == 0)
                }
            }
        }

        @Test(
            "F6, F7: the node of a Galera cluster that Haven uses dies or hangs: no pull fails, pushes go on with the others",
            arguments: ClusterPair.stores(.swift), [true, false])
        func galeraNode(_ store: ClusterStore, isKilled: Bool) async throws {
            try await withTemporaryFolder { folder in
                let galera = try await GaleraCluster.start(in: folder)
                let place = ClusterDatabase.galera.settings(try await galera.makeDatabase())
                try await withCluster(of: 3, on: place, store) { cluster in
                    let name = isKilled ? "F6 (Galera, \(store))" : "F7 (Galera, \(store))"
                    // The others wait so long before they go on without it.
                    let outcome = try await FaultTrial(name, on: cluster).run(recovery: .seconds(60)) { _ in
                        let first = galera.nodes[0].process
                        if isKilled { try await first.kill() } else { first.pause() }
                    }
                    #expect(outcome.violations == [])
                    #expect(outcome.pulls.failedPulls == 0)
                }
                try await galera.nodes[0].process.kill()
                try await galera.stop()
            }
        }

        /// A PostgreSQL of its own, which may be broken.
        private func withPostgreSQL(_ body: (PostgreSQLServer) async throws -> Void) async throws {
            try await withTemporaryFolder { folder in
                let server = try await PostgreSQLServer.start(in: folder)
                do {
                    try await body(server)
                } catch {
                    try? await server.process.kill()
                    throw error
                }
                try await server.process.kill()
            }
        }
    }
}
