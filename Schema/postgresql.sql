-- The schema of a postgresql database. Written by the migrations; a test holds them equal.

CREATE TABLE IF NOT EXISTS schema_migrations (
    number BIGINT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    checksum VARCHAR(64) COLLATE "C" NOT NULL,
    applied_at BIGINT NOT NULL
);

CREATE TABLE projects (
    id VARCHAR(32) COLLATE "C" NOT NULL PRIMARY KEY,
    name VARCHAR(255) COLLATE "C" NOT NULL,
    name_key VARCHAR(255) COLLATE "C" NOT NULL UNIQUE,
    is_public BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    version BIGINT NOT NULL
);

CREATE TABLE users (
    id VARCHAR(32) COLLATE "C" NOT NULL PRIMARY KEY,
    name VARCHAR(255) COLLATE "C" NOT NULL,
    name_key VARCHAR(255) COLLATE "C" NOT NULL UNIQUE,
    password TEXT,
    is_admin BIGINT NOT NULL,
    must_change BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE project_members (
    project_id VARCHAR(32) COLLATE "C" NOT NULL,
    user_id VARCHAR(32) COLLATE "C" NOT NULL,
    role BIGINT NOT NULL,
    PRIMARY KEY (project_id, user_id),
    FOREIGN KEY (project_id) REFERENCES projects (id),
    FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX project_members_by_user ON project_members (user_id);

CREATE TABLE immutable_rules (
    id VARCHAR(32) COLLATE "C" NOT NULL PRIMARY KEY,
    project_id VARCHAR(32) COLLATE "C" NOT NULL,
    pattern TEXT NOT NULL,
    FOREIGN KEY (project_id) REFERENCES projects (id)
);

CREATE INDEX immutable_rules_by_project ON immutable_rules (project_id);

CREATE TABLE epochs (
    scope VARCHAR(64) COLLATE "C" NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL
);

CREATE TABLE settings (
    name VARCHAR(64) COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE signing_keys (
    id VARCHAR(64) COLLATE "C" NOT NULL PRIMARY KEY,
    algorithm VARCHAR(64) COLLATE "C" NOT NULL,
    private_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);

CREATE TABLE leases (
    name VARCHAR(64) COLLATE "C" NOT NULL PRIMARY KEY,
    holder VARCHAR(64) COLLATE "C" NOT NULL,
    fence BIGINT NOT NULL,
    until_at BIGINT NOT NULL
);

CREATE TABLE outbox (
    op_id VARCHAR(32) COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    subject VARCHAR(512) COLLATE "C" NOT NULL,
    subject_version BIGINT NOT NULL,
    kind VARCHAR(64) COLLATE "C" NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    done_at BIGINT,
    PRIMARY KEY (op_id, n)
);

CREATE INDEX outbox_by_due ON outbox (done_at, due_at);

CREATE TABLE repositories (
    id VARCHAR(32) COLLATE "C" NOT NULL PRIMARY KEY,
    project_id VARCHAR(32) COLLATE "C" NOT NULL,
    name VARCHAR(255) COLLATE "C" NOT NULL,
    name_key VARCHAR(255) COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    UNIQUE (project_id, name_key),
    FOREIGN KEY (project_id) REFERENCES projects (id)
);

CREATE INDEX repositories_by_name ON repositories (name_key);

CREATE TABLE project_usage (
    project_id VARCHAR(32) COLLATE "C" NOT NULL,
    slot BIGINT NOT NULL,
    used BIGINT NOT NULL,
    allowance BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (project_id, slot),
    FOREIGN KEY (project_id) REFERENCES projects (id)
);

CREATE TABLE uploads (
    id VARCHAR(32) COLLATE "C" NOT NULL PRIMARY KEY,
    repository_id VARCHAR(32) COLLATE "C" NOT NULL,
    project_id VARCHAR(32) COLLATE "C" NOT NULL,
    caller VARCHAR(255) COLLATE "C" NOT NULL,
    state VARCHAR(64) COLLATE "C" NOT NULL,
    offset_bytes BIGINT NOT NULL,
    next_part BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    holder VARCHAR(64) COLLATE "C",
    holder_until BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    base VARCHAR(512) COLLATE "C" NOT NULL,
    driver TEXT NOT NULL,
    digest VARCHAR(135) COLLATE "C",
    FOREIGN KEY (repository_id) REFERENCES repositories (id)
);

CREATE INDEX uploads_by_expiry ON uploads (expires_at);

CREATE INDEX uploads_by_repository ON uploads (repository_id);

CREATE TABLE upload_parts (
    upload_id VARCHAR(32) COLLATE "C" NOT NULL,
    part BIGINT NOT NULL,
    start BIGINT NOT NULL,
    length BIGINT NOT NULL,
    name VARCHAR(512) COLLATE "C" NOT NULL,
    etag VARCHAR(255) COLLATE "C" NOT NULL,
    PRIMARY KEY (upload_id, part),
    FOREIGN KEY (upload_id) REFERENCES uploads (id)
);

CREATE TABLE blobs (
    digest VARCHAR(135) COLLATE "C" NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    location VARCHAR(512) COLLATE "C" NOT NULL UNIQUE,
    claims BIGINT NOT NULL,
    suspect BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE project_blobs (
    project_id VARCHAR(32) COLLATE "C" NOT NULL,
    digest VARCHAR(135) COLLATE "C" NOT NULL,
    links BIGINT NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY (project_id, digest),
    FOREIGN KEY (project_id) REFERENCES projects (id),
    FOREIGN KEY (digest) REFERENCES blobs (digest)
);

CREATE INDEX project_blobs_by_digest ON project_blobs (digest);

CREATE TABLE links (
    repository_id VARCHAR(32) COLLATE "C" NOT NULL,
    digest VARCHAR(135) COLLATE "C" NOT NULL,
    project_id VARCHAR(32) COLLATE "C" NOT NULL,
    leased_until BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (repository_id, digest),
    FOREIGN KEY (repository_id) REFERENCES repositories (id),
    FOREIGN KEY (project_id, digest) REFERENCES project_blobs (project_id, digest)
);

CREATE INDEX links_by_project ON links (project_id, digest);

CREATE TABLE manifests (
    repository_id VARCHAR(32) COLLATE "C" NOT NULL,
    digest VARCHAR(135) COLLATE "C" NOT NULL,
    media_type VARCHAR(255) COLLATE "C" NOT NULL,
    artifact_type VARCHAR(255) COLLATE "C",
    subject VARCHAR(135) COLLATE "C",
    kind BIGINT NOT NULL,
    size BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    annotations TEXT NOT NULL,
    pushed_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (repository_id, digest),
    FOREIGN KEY (repository_id) REFERENCES repositories (id)
);

CREATE INDEX manifests_by_subject ON manifests (repository_id, subject, digest);

CREATE TABLE manifest_blobs (
    repository_id VARCHAR(32) COLLATE "C" NOT NULL,
    manifest VARCHAR(135) COLLATE "C" NOT NULL,
    blob VARCHAR(135) COLLATE "C" NOT NULL,
    PRIMARY KEY (repository_id, manifest, blob),
    FOREIGN KEY (repository_id, manifest) REFERENCES manifests (repository_id, digest),
    FOREIGN KEY (repository_id, blob) REFERENCES links (repository_id, digest)
);

CREATE INDEX manifest_blobs_by_blob ON manifest_blobs (repository_id, blob);

CREATE TABLE manifest_children (
    repository_id VARCHAR(32) COLLATE "C" NOT NULL,
    parent VARCHAR(135) COLLATE "C" NOT NULL,
    child VARCHAR(135) COLLATE "C" NOT NULL,
    PRIMARY KEY (repository_id, parent, child),
    FOREIGN KEY (repository_id, parent) REFERENCES manifests (repository_id, digest),
    FOREIGN KEY (repository_id, child) REFERENCES manifests (repository_id, digest)
);

CREATE INDEX manifest_children_by_child ON manifest_children (repository_id, child);

CREATE TABLE tags (
    repository_id VARCHAR(32) COLLATE "C" NOT NULL,
    name VARCHAR(128) COLLATE "C" NOT NULL,
    digest VARCHAR(135) COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository_id, name),
    FOREIGN KEY (repository_id, digest) REFERENCES manifests (repository_id, digest)
);

CREATE INDEX tags_by_digest ON tags (repository_id, digest);

CREATE TABLE tag_history (
    repository_id VARCHAR(32) COLLATE "C" NOT NULL,
    name VARCHAR(128) COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    old VARCHAR(135) COLLATE "C",
    new VARCHAR(135) COLLATE "C",
    by_name VARCHAR(255) COLLATE "C" NOT NULL,
    at_time BIGINT NOT NULL,
    op_id VARCHAR(32) COLLATE "C" NOT NULL,
    PRIMARY KEY (repository_id, name, version),
    FOREIGN KEY (repository_id) REFERENCES repositories (id)
);

CREATE TABLE gc_candidates (
    id VARCHAR(32) COLLATE "C" NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL,
    kind VARCHAR(64) COLLATE "C" NOT NULL,
    repository_id VARCHAR(32) COLLATE "C",
    project_id VARCHAR(32) COLLATE "C",
    digest VARCHAR(135) COLLATE "C" NOT NULL
);

CREATE INDEX gc_candidates_by_due ON gc_candidates (due_at);

CREATE TABLE doomed (
    location VARCHAR(512) COLLATE "C" NOT NULL PRIMARY KEY,
    kind VARCHAR(64) COLLATE "C" NOT NULL,
    detail TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
);

CREATE INDEX doomed_by_due ON doomed (due_at);

CREATE TABLE nodes (
    id VARCHAR(32) COLLATE "C" NOT NULL PRIMARY KEY,
    name VARCHAR(255) COLLATE "C" NOT NULL,
    version VARCHAR(64) COLLATE "C" NOT NULL,
    address VARCHAR(255) COLLATE "C" NOT NULL,
    schema_number BIGINT NOT NULL,
    state VARCHAR(64) COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    beat_at BIGINT NOT NULL,
    clock_skew BIGINT NOT NULL
);

CREATE TABLE secrets (
    name VARCHAR(64) COLLATE "C" NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE node_drains (
    name VARCHAR(255) COLLATE "C" NOT NULL PRIMARY KEY,
    ordered_at BIGINT NOT NULL,
    node_id VARCHAR(32) COLLATE "C",
    transfers BIGINT,
    reported_at BIGINT
);

INSERT INTO schema_migrations (number, title, checksum, applied_at)
VALUES (1, 'first schema', 'f38a88d58b8ec842cba1ccee7e706ef64c53b2a836402a96635b6f831ed24b33', CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT));

INSERT INTO schema_migrations (number, title, checksum, applied_at)
VALUES (2, 'nodes and shared secrets', '80d341d523703890d41ecd25988465be9c1da6101275c3489831e410126ac96e', CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT));

INSERT INTO schema_migrations (number, title, checksum, applied_at)
VALUES (3, 'drains of nodes', 'f22ccad47871b5e5b400963b9bcb9ae00c1d37d951d8424fccf3eaf062301081', CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT));
