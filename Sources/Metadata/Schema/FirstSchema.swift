// SPDX-License-Identifier: Apache-2.0

import SQLStorage

extension Migration {
    /// The tables of the registry on one node: who may do what, what is stored, and what must happen later.
    ///
    /// Ids are 128 random bits in hexadecimal, times are microseconds since 1970 by the database's clock, flags are 0 or 1.
    /// There is no `ON DELETE CASCADE`: deletes are explicit, children first, and a foreign key that refuses one is how a
    /// transaction that relies on a row conflicts with the one that removes it.
    static let firstSchema = Migration(1, "first schema") { dialect in
        FirstSchema(dialect: dialect).statements
    }
}

/// Column types by the length of what they hold.
private struct FirstSchema {
    let dialect: SQLDialect

    var id: SQLFragment { dialect.keyType(32) }
    var digest: SQLFragment { dialect.keyType(135) }
    var name: SQLFragment { dialect.keyType(255) }
    var tag: SQLFragment { dialect.keyType(128) }
    var word: SQLFragment { dialect.keyType(64) }
    var location: SQLFragment { dialect.keyType(512) }
    var number: SQLFragment { dialect.integerType }
    var text: SQLFragment { dialect.longText }
    var bytes: SQLFragment { dialect.bytesType }
    var createTable: SQLFragment { dialect.createTable }
    var createIndex: SQLFragment { dialect.createIndex }
    var blob: SQLFragment { dialect.column("blob") }
    var rows: SQLFragment { dialect.tableOptions(clustered: true) }
    var wideRows: SQLFragment { dialect.tableOptions(clustered: false) }

    var statements: [SQLStatement] {
        people + service + repositories + uploads + blobs + manifests + tags + collection
    }
}

extension FirstSchema {
    /// `name_key` is the name while the row is live and the id once it is deleted: names become free, ids never do.
    private var people: [SQLStatement] {
        [
            """
            \(createTable) projects (
                id \(id) NOT NULL PRIMARY KEY,
                name \(name) NOT NULL,
                name_key \(name) NOT NULL UNIQUE,
                is_public \(number) NOT NULL,
                created_at \(number) NOT NULL,
                deleted_at \(number),
                version \(number) NOT NULL
            )\(rows)
            """,
            """
            \(createTable) users (
                id \(id) NOT NULL PRIMARY KEY,
                name \(dialect.unicodeKeyType(255)) NOT NULL,
                name_key \(dialect.unicodeKeyType(255)) NOT NULL UNIQUE,
                password \(text),
                is_admin \(number) NOT NULL,
                must_change \(number) NOT NULL,
                created_at \(number) NOT NULL,
                version \(number) NOT NULL
            )\(rows)
            """,
            """
            \(createTable) project_members (
                project_id \(id) NOT NULL,
                user_id \(id) NOT NULL,
                role \(number) NOT NULL,
                PRIMARY KEY (project_id, user_id),
                FOREIGN KEY (project_id) REFERENCES projects (id),
                FOREIGN KEY (user_id) REFERENCES users (id)
            )\(rows)
            """,
            "\(createIndex) project_members_by_user ON project_members (user_id)",
            """
            \(createTable) immutable_rules (
                id \(id) NOT NULL PRIMARY KEY,
                project_id \(id) NOT NULL,
                pattern \(text) NOT NULL,
                FOREIGN KEY (project_id) REFERENCES projects (id)
            )\(rows)
            """,
            "\(createIndex) immutable_rules_by_project ON immutable_rules (project_id)",
        ]
    }

    private var service: [SQLStatement] {
        [
            """
            \(createTable) epochs (
                scope \(word) NOT NULL PRIMARY KEY,
                n \(number) NOT NULL
            )\(rows)
            """,
            """
            \(createTable) settings (
                name \(word) NOT NULL PRIMARY KEY,
                value \(text) NOT NULL,
                version \(number) NOT NULL
            )\(rows)
            """,
            """
            \(createTable) signing_keys (
                id \(word) NOT NULL PRIMARY KEY,
                algorithm \(word) NOT NULL,
                private_key \(bytes) NOT NULL,
                created_at \(number) NOT NULL,
                retired_at \(number)
            )\(rows)
            """,
            """
            \(createTable) leases (
                name \(word) NOT NULL PRIMARY KEY,
                holder \(word) NOT NULL,
                fence \(number) NOT NULL,
                until_at \(number) NOT NULL
            )\(rows)
            """,
            """
            \(createTable) outbox (
                op_id \(id) NOT NULL,
                n \(number) NOT NULL,
                subject \(dialect.keyType(512)) NOT NULL,
                subject_version \(number) NOT NULL,
                kind \(word) NOT NULL,
                payload \(text) NOT NULL,
                created_at \(number) NOT NULL,
                due_at \(number) NOT NULL,
                fence \(number) NOT NULL,
                done_at \(number),
                PRIMARY KEY (op_id, n)
            )\(rows)
            """,
            "\(createIndex) outbox_by_due ON outbox (done_at, due_at)",
        ]
    }

    private var repositories: [SQLStatement] {
        [
            """
            \(createTable) repositories (
                id \(id) NOT NULL PRIMARY KEY,
                project_id \(id) NOT NULL,
                name \(name) NOT NULL,
                name_key \(name) NOT NULL,
                created_at \(number) NOT NULL,
                deleted_at \(number),
                UNIQUE (project_id, name_key),
                FOREIGN KEY (project_id) REFERENCES projects (id)
            )\(rows)
            """,
            "\(createIndex) repositories_by_name ON repositories (name_key)",
            """
            \(createTable) project_usage (
                project_id \(id) NOT NULL,
                slot \(number) NOT NULL,
                used \(number) NOT NULL,
                allowance \(number),
                version \(number) NOT NULL,
                PRIMARY KEY (project_id, slot),
                FOREIGN KEY (project_id) REFERENCES projects (id)
            )\(rows)
            """,
        ]
    }

    /// `base` prefixes every object name of an upload; names 1 to `next_part` - 1 are reserved, whether they exist or not.
    private var uploads: [SQLStatement] {
        [
            """
            \(createTable) uploads (
                id \(id) NOT NULL PRIMARY KEY,
                repository_id \(id) NOT NULL,
                project_id \(id) NOT NULL,
                caller \(name) NOT NULL,
                state \(word) NOT NULL,
                offset_bytes \(number) NOT NULL,
                next_part \(number) NOT NULL,
                fence \(number) NOT NULL,
                holder \(word),
                holder_until \(number),
                created_at \(number) NOT NULL,
                expires_at \(number) NOT NULL,
                base \(location) NOT NULL,
                driver \(text) NOT NULL,
                digest \(digest),
                FOREIGN KEY (repository_id) REFERENCES repositories (id)
            )\(rows)
            """,
            "\(createIndex) uploads_by_expiry ON uploads (expires_at)",
            "\(createIndex) uploads_by_repository ON uploads (repository_id)",
            """
            \(createTable) upload_parts (
                upload_id \(id) NOT NULL,
                part \(number) NOT NULL,
                start \(number) NOT NULL,
                length \(number) NOT NULL,
                name \(location) NOT NULL,
                etag \(name) NOT NULL,
                PRIMARY KEY (upload_id, part),
                FOREIGN KEY (upload_id) REFERENCES uploads (id)
            )\(rows)
            """,
        ]
    }

    /// `claims` counts the project_blobs rows of a blob and `links` the links of a project's blob; the rows are the truth.
    private var blobs: [SQLStatement] {
        [
            """
            \(createTable) blobs (
                digest \(digest) NOT NULL PRIMARY KEY,
                size \(number) NOT NULL,
                location \(location) NOT NULL UNIQUE,
                claims \(number) NOT NULL,
                suspect \(number) NOT NULL,
                created_at \(number) NOT NULL
            )\(rows)
            """,
            """
            \(createTable) project_blobs (
                project_id \(id) NOT NULL,
                digest \(digest) NOT NULL,
                links \(number) NOT NULL,
                size \(number) NOT NULL,
                PRIMARY KEY (project_id, digest),
                FOREIGN KEY (project_id) REFERENCES projects (id),
                FOREIGN KEY (digest) REFERENCES blobs (digest)
            )\(rows)
            """,
            "\(createIndex) project_blobs_by_digest ON project_blobs (digest)",
            """
            \(createTable) links (
                repository_id \(id) NOT NULL,
                digest \(digest) NOT NULL,
                project_id \(id) NOT NULL,
                leased_until \(number) NOT NULL,
                version \(number) NOT NULL,
                PRIMARY KEY (repository_id, digest),
                FOREIGN KEY (repository_id) REFERENCES repositories (id),
                FOREIGN KEY (project_id, digest) REFERENCES project_blobs (project_id, digest)
            )\(rows)
            """,
            "\(createIndex) links_by_project ON links (project_id, digest)",
        ]
    }

    /// A subject may be absent, so it is a column and no key. `kind` is 0 for an image manifest and 1 for an index.
    private var manifests: [SQLStatement] {
        [
            """
            \(createTable) manifests (
                repository_id \(id) NOT NULL,
                digest \(digest) NOT NULL,
                media_type \(name) NOT NULL,
                artifact_type \(name),
                subject \(digest),
                kind \(number) NOT NULL,
                size \(number) NOT NULL,
                bytes \(bytes) NOT NULL,
                annotations \(text) NOT NULL,
                pushed_at \(number) NOT NULL,
                leased_until \(number) NOT NULL,
                version \(number) NOT NULL,
                PRIMARY KEY (repository_id, digest),
                FOREIGN KEY (repository_id) REFERENCES repositories (id)
            )\(wideRows)
            """,
            "\(createIndex) manifests_by_subject ON manifests (repository_id, subject, digest)",
            """
            \(createTable) manifest_blobs (
                repository_id \(id) NOT NULL,
                manifest \(digest) NOT NULL,
                \(blob) \(digest) NOT NULL,
                PRIMARY KEY (repository_id, manifest, \(blob)),
                FOREIGN KEY (repository_id, manifest) REFERENCES manifests (repository_id, digest),
                FOREIGN KEY (repository_id, \(blob)) REFERENCES links (repository_id, digest)
            )\(rows)
            """,
            "\(createIndex) manifest_blobs_by_blob ON manifest_blobs (repository_id, \(blob))",
            """
            \(createTable) manifest_children (
                repository_id \(id) NOT NULL,
                parent \(digest) NOT NULL,
                child \(digest) NOT NULL,
                PRIMARY KEY (repository_id, parent, child),
                FOREIGN KEY (repository_id, parent) REFERENCES manifests (repository_id, digest),
                FOREIGN KEY (repository_id, child) REFERENCES manifests (repository_id, digest)
            )\(rows)
            """,
            "\(createIndex) manifest_children_by_child ON manifest_children (repository_id, child)",
        ]
    }

    private var tags: [SQLStatement] {
        [
            """
            \(createTable) tags (
                repository_id \(id) NOT NULL,
                name \(tag) NOT NULL,
                digest \(digest) NOT NULL,
                version \(number) NOT NULL,
                updated_at \(number) NOT NULL,
                PRIMARY KEY (repository_id, name),
                FOREIGN KEY (repository_id, digest) REFERENCES manifests (repository_id, digest)
            )\(rows)
            """,
            "\(createIndex) tags_by_digest ON tags (repository_id, digest)",
            """
            \(createTable) tag_history (
                repository_id \(id) NOT NULL,
                name \(tag) NOT NULL,
                version \(number) NOT NULL,
                old \(digest),
                new \(digest),
                by_name \(dialect.unicodeKeyType(255)) NOT NULL,
                at_time \(number) NOT NULL,
                op_id \(id) NOT NULL,
                PRIMARY KEY (repository_id, name, version),
                FOREIGN KEY (repository_id) REFERENCES repositories (id)
            )\(rows)
            """,
        ]
    }

    /// Candidates refer to rows that may be gone by the time they are looked at, so they have no foreign keys.
    private var collection: [SQLStatement] {
        [
            """
            \(createTable) gc_candidates (
                id \(id) NOT NULL PRIMARY KEY,
                due_at \(number) NOT NULL,
                kind \(word) NOT NULL,
                repository_id \(id),
                project_id \(id),
                digest \(digest) NOT NULL
            )\(rows)
            """,
            "\(createIndex) gc_candidates_by_due ON gc_candidates (due_at)",
            """
            \(createTable) doomed (
                location \(location) NOT NULL PRIMARY KEY,
                kind \(word) NOT NULL,
                detail \(text) NOT NULL,
                bytes \(number) NOT NULL,
                due_at \(number) NOT NULL,
                tries \(number) NOT NULL
            )\(rows)
            """,
            "\(createIndex) doomed_by_due ON doomed (due_at)",
        ]
    }
}
