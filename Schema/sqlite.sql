-- The schema of a sqlite database. Written by the migrations; a test holds them equal.

CREATE TABLE IF NOT EXISTS schema_migrations (
    number INTEGER NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;

CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    is_public INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    password TEXT,
    is_admin INTEGER NOT NULL,
    must_change INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE project_members (
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role INTEGER NOT NULL,
    PRIMARY KEY (project_id, user_id),
    FOREIGN KEY (project_id) REFERENCES projects (id),
    FOREIGN KEY (user_id) REFERENCES users (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX project_members_by_user ON project_members (user_id);

CREATE TABLE immutable_rules (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    pattern TEXT NOT NULL,
    FOREIGN KEY (project_id) REFERENCES projects (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX immutable_rules_by_project ON immutable_rules (project_id);

CREATE TABLE epochs (
    scope TEXT NOT NULL PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_keys (
    id TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    private_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    fence INTEGER NOT NULL,
    until_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    op_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    subject TEXT NOT NULL,
    subject_version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    done_at INTEGER,
    PRIMARY KEY (op_id, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_by_due ON outbox (done_at, due_at);

CREATE TABLE repositories (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    UNIQUE (project_id, name_key),
    FOREIGN KEY (project_id) REFERENCES projects (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX repositories_by_name ON repositories (name_key);

CREATE TABLE project_usage (
    project_id TEXT NOT NULL,
    slot INTEGER NOT NULL,
    used INTEGER NOT NULL,
    allowance INTEGER,
    version INTEGER NOT NULL,
    PRIMARY KEY (project_id, slot),
    FOREIGN KEY (project_id) REFERENCES projects (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
    id TEXT NOT NULL PRIMARY KEY,
    repository_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    caller TEXT NOT NULL,
    state TEXT NOT NULL,
    offset_bytes INTEGER NOT NULL,
    next_part INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    holder TEXT,
    holder_until INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    base TEXT NOT NULL,
    driver TEXT NOT NULL,
    digest TEXT,
    FOREIGN KEY (repository_id) REFERENCES repositories (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX uploads_by_expiry ON uploads (expires_at);

CREATE INDEX uploads_by_repository ON uploads (repository_id);

CREATE TABLE upload_parts (
    upload_id TEXT NOT NULL,
    part INTEGER NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    name TEXT NOT NULL,
    etag TEXT NOT NULL,
    PRIMARY KEY (upload_id, part),
    FOREIGN KEY (upload_id) REFERENCES uploads (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
    digest TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    location TEXT NOT NULL UNIQUE,
    claims INTEGER NOT NULL,
    suspect INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE project_blobs (
    project_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    links INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (project_id, digest),
    FOREIGN KEY (project_id) REFERENCES projects (id),
    FOREIGN KEY (digest) REFERENCES blobs (digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX project_blobs_by_digest ON project_blobs (digest);

CREATE TABLE links (
    repository_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    project_id TEXT NOT NULL,
    leased_until INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (repository_id, digest),
    FOREIGN KEY (repository_id) REFERENCES repositories (id),
    FOREIGN KEY (project_id, digest) REFERENCES project_blobs (project_id, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX links_by_project ON links (project_id, digest);

CREATE TABLE manifests (
    repository_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    artifact_type TEXT,
    subject TEXT,
    kind INTEGER NOT NULL,
    size INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    annotations TEXT NOT NULL,
    pushed_at INTEGER NOT NULL,
    leased_until INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (repository_id, digest),
    FOREIGN KEY (repository_id) REFERENCES repositories (id)
) STRICT;

CREATE INDEX manifests_by_subject ON manifests (repository_id, subject, digest);

CREATE TABLE manifest_blobs (
    repository_id TEXT NOT NULL,
    manifest TEXT NOT NULL,
    blob TEXT NOT NULL,
    PRIMARY KEY (repository_id, manifest, blob),
    FOREIGN KEY (repository_id, manifest) REFERENCES manifests (repository_id, digest),
    FOREIGN KEY (repository_id, blob) REFERENCES links (repository_id, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX manifest_blobs_by_blob ON manifest_blobs (repository_id, blob);

CREATE TABLE manifest_children (
    repository_id TEXT NOT NULL,
    parent TEXT NOT NULL,
    child TEXT NOT NULL,
    PRIMARY KEY (repository_id, parent, child),
    FOREIGN KEY (repository_id, parent) REFERENCES manifests (repository_id, digest),
    FOREIGN KEY (repository_id, child) REFERENCES manifests (repository_id, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX manifest_children_by_child ON manifest_children (repository_id, child);

CREATE TABLE tags (
    repository_id TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (repository_id, name),
    FOREIGN KEY (repository_id, digest) REFERENCES manifests (repository_id, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_digest ON tags (repository_id, digest);

CREATE TABLE tag_history (
    repository_id TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    old TEXT,
    new TEXT,
    by_name TEXT NOT NULL,
    at_time INTEGER NOT NULL,
    op_id TEXT NOT NULL,
    PRIMARY KEY (repository_id, name, version),
    FOREIGN KEY (repository_id) REFERENCES repositories (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE gc_candidates (
    id TEXT NOT NULL PRIMARY KEY,
    due_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    repository_id TEXT,
    project_id TEXT,
    digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX gc_candidates_by_due ON gc_candidates (due_at);

CREATE TABLE doomed (
    location TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    tries INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX doomed_by_due ON doomed (due_at);

CREATE TABLE nodes (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    address TEXT NOT NULL,
    schema_number INTEGER NOT NULL,
    state TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    beat_at INTEGER NOT NULL,
    clock_skew INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE node_drains (
    name TEXT NOT NULL PRIMARY KEY,
    ordered_at INTEGER NOT NULL,
    node_id TEXT,
    transfers INTEGER,
    reported_at INTEGER
) STRICT, WITHOUT ROWID;

INSERT INTO schema_migrations (number, title, checksum, applied_at)
VALUES (1, 'first schema', 'c35668cc0c35d61aa30806e2165b18398a2f0b0c6ea12279b8d9ef4d22f57ca0', (CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000));

INSERT INTO schema_migrations (number, title, checksum, applied_at)
VALUES (2, 'nodes and shared secrets', '0a19524bfd65d68861eecf14318fa292ac7e38e3ceefa7a069fe5bbc164c2129', (CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000));

INSERT INTO schema_migrations (number, title, checksum, applied_at)
VALUES (3, 'drains of nodes', '13216c55ef8a3e12da3065081fc0771fca1d3429b0f41cdc8491bc2cdd0b1026', (CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000));
