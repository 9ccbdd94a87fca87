// SPDX-License-Identifier: Apache-2.0

extension LongBenchmarks {
    /// Pages of long lists that begin anywhere.
    func lists(_ stage: LongStage) -> [Scenario] {
        let tags = scaled(1_000_000)
        let repositories = scaled(100_000)
        return [
            Scenario(
                name: "tags-page", title: "tags/list of \(tags) tags, n=1000, random last, 8 connections",
                contestants: [.haven], figures: pageFigures
            ) { _ in
                try fill(stage, tags: tags)
                let request = LoadRequest(
                    port: stage.haven.port, path: "/v2/\(LongStage.repository)/tags/list?n=1000",
                    headers: try stage.haven.authorization(for: LongStage.repository),
                    variation: .last(prefix: "t", digits: 7, count: tags))
                return try page(request)
            },
            Scenario(
                name: "tags-walk", title: "walk of \(tags) tags by pages of 1000",
                contestants: [.haven],
                figures: [Figure(name: "all", unit: "s", digits: 2, gates: [.below(10)])]
            ) { _ in
                try fill(stage, tags: tags)
                return ["all": try timed { try walk(stage, expected: tags + 1) }.seconds]
            },
            Scenario(
                name: "catalog-page",
                title: "catalog of \(repositories) repositories, n=1000, random last, 8 connections",
                contestants: [.haven], figures: pageFigures
            ) { _ in
                try fill(stage, repositories: repositories)
                let request = LoadRequest(
                    port: stage.haven.port, path: "/v2/_catalog?n=1000",
                    headers: try stage.haven.catalogAuthorization(),
                    variation: .last(prefix: "\(Haven.project)/r", digits: 6, count: repositories))
                return try page(request)
            },
        ]
    }

    private var pageFigures: [Figure] {
        [
            Figure(name: "p99", unit: "ms", digits: 2, gates: [.below(10)]),
            Figure(name: "p50", unit: "ms", digits: 2),
            Figure(name: "rate", unit: "pages/s"),
        ]
    }

    private func page(_ request: LoadRequest) throws -> [String: Double] {
        let load = WrkLoad(script: "\(options.root)/Benchmarks/wrk/load.lua")
        let result = try load.run(request, connections: 8, seconds: options.seconds)
        return ["p99": result.p99Milliseconds, "p50": result.p50Milliseconds, "rate": result.rate]
    }

    private func fill(_ stage: LongStage, tags: Int) throws {
        try stage.once("\(tags) tags") {
            try stage.haven.sql(
                """
                WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(tags - 1))
                INSERT INTO tags (repository_id, name, digest, version, updated_at)
                SELECT t.repository_id, printf('t%07d', n), t.digest, 1, t.updated_at FROM numbers
                JOIN tags t ON t.name = 'latest' JOIN repositories r ON r.id = t.repository_id
                WHERE r.name_key = '\(LongStage.repository)';
                """)
        }
    }

    /// Each repository has a copy of the one manifest: an empty one is not in the catalog.
    private func fill(_ stage: LongStage, repositories: Int) throws {
        try stage.once("\(repositories) repositories") {
            try stage.haven.sql(
                """
                BEGIN IMMEDIATE;
                WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(repositories - 1))
                INSERT INTO repositories (id, project_id, name, name_key, created_at)
                SELECT printf('%032x', n), project_id, printf('\(Haven.project)/r%06d', n),
                    printf('\(Haven.project)/r%06d', n), created_at FROM numbers
                JOIN repositories ON name_key = '\(LongStage.repository)';
                INSERT INTO manifests (repository_id, digest, media_type, artifact_type, subject, kind, size, bytes,
                    annotations, pushed_at, leased_until, version)
                SELECT r.id, m.digest, media_type, artifact_type, subject, kind, size, bytes, annotations, pushed_at,
                    leased_until, m.version
                FROM repositories r JOIN repositories s ON s.name_key = '\(LongStage.repository)'
                JOIN tags t ON t.repository_id = s.id AND t.name = 'latest'
                JOIN manifests m ON m.repository_id = s.id AND m.digest = t.digest
                WHERE r.name_key LIKE '\(Haven.project)/r______';
                COMMIT;
                """)
        }
    }

    /// Follows `Link` from the first page to the last.
    private func walk(_ stage: LongStage, expected: Int) throws {
        let connection = try Connection(port: stage.haven.port)
        let headers = try stage.haven.authorization(for: LongStage.repository)
        var next: String? = "/v2/\(LongStage.repository)/tags/list?n=1000"
        var count = 0
        while let path = next {
            let answer = try connection.send("GET", path, headers)
            guard answer.status == 200 else { throw BenchmarkFailure("a page of tags was answered \(answer.status)") }
            count += answer.body.count { $0 == UInt8(ascii: ",") }
            let link = answer.headers["link"]?.split(separator: ">").first?.dropFirst()
            next = link.map(String.init)
        }
        // Each page has as many commas as names: one before the list, one fewer within.
        guard count == expected else { throw BenchmarkFailure("the walk saw \(count) of \(expected) tags") }
    }
}
