-- The schema of a mariadb database. Written by the migrations; a test holds them equal.

CREATE TABLE IF NOT EXISTS schema_migrations (
    number BIGINT NOT NULL PRIMARY KEY,
    title MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    checksum VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    applied_at BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS schema_lock (
    name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    fence BIGINT NOT NULL,
    until_at BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS projects (
    id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    name VARCHAR(255) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    name_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL UNIQUE,
    is_public BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    version BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS users (
    id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    name_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL UNIQUE,
    password MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin,
    is_admin BIGINT NOT NULL,
    must_change BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS project_members (
    project_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    user_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    role BIGINT NOT NULL,
    PRIMARY KEY (project_id, user_id),
    FOREIGN KEY (project_id) REFERENCES projects (id),
    FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS project_members_by_user ON project_members (user_id);

CREATE TABLE IF NOT EXISTS immutable_rules (
    id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    project_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    pattern MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    FOREIGN KEY (project_id) REFERENCES projects (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS immutable_rules_by_project ON immutable_rules (project_id);

CREATE TABLE IF NOT EXISTS epochs (
    scope VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS settings (
    name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    value MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    version BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS signing_keys (
    id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    algorithm VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    private_key MEDIUMBLOB NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS leases (
    name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    holder VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    fence BIGINT NOT NULL,
    until_at BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS outbox (
    op_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    n BIGINT NOT NULL,
    subject VARCHAR(512) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    subject_version BIGINT NOT NULL,
    kind VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    payload MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    done_at BIGINT,
    PRIMARY KEY (op_id, n)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS outbox_by_due ON outbox (done_at, due_at);

CREATE TABLE IF NOT EXISTS repositories (
    id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    project_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    name VARCHAR(255) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    name_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    UNIQUE (project_id, name_key),
    FOREIGN KEY (project_id) REFERENCES projects (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS repositories_by_name ON repositories (name_key);

CREATE TABLE IF NOT EXISTS project_usage (
    project_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    slot BIGINT NOT NULL,
    used BIGINT NOT NULL,
    allowance BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (project_id, slot),
    FOREIGN KEY (project_id) REFERENCES projects (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS uploads (
    id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    repository_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    project_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    caller VARCHAR(255) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    state VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    offset_bytes BIGINT NOT NULL,
    next_part BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    holder VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin,
    holder_until BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    base VARCHAR(512) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    driver MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    digest VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin,
    FOREIGN KEY (repository_id) REFERENCES repositories (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS uploads_by_expiry ON uploads (expires_at);

CREATE INDEX IF NOT EXISTS uploads_by_repository ON uploads (repository_id);

CREATE TABLE IF NOT EXISTS upload_parts (
    upload_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    part BIGINT NOT NULL,
    start BIGINT NOT NULL,
    length BIGINT NOT NULL,
    name VARCHAR(512) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    etag VARCHAR(255) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    PRIMARY KEY (upload_id, part),
    FOREIGN KEY (upload_id) REFERENCES uploads (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS blobs (
    digest VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    location VARCHAR(512) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL UNIQUE,
    claims BIGINT NOT NULL,
    suspect BIGINT NOT NULL,
    created_at BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS project_blobs (
    project_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    digest VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    links BIGINT NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY (project_id, digest),
    FOREIGN KEY (project_id) REFERENCES projects (id),
    FOREIGN KEY (digest) REFERENCES blobs (digest)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS project_blobs_by_digest ON project_blobs (digest);

CREATE TABLE IF NOT EXISTS links (
    repository_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    digest VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    project_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    leased_until BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (repository_id, digest),
    FOREIGN KEY (repository_id) REFERENCES repositories (id),
    FOREIGN KEY (project_id, digest) REFERENCES project_blobs (project_id, digest)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS links_by_project ON links (project_id, digest);

CREATE TABLE IF NOT EXISTS manifests (
    repository_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    digest VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    media_type VARCHAR(255) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    artifact_type VARCHAR(255) CHARACTER SET ascii COLLATE ascii_nopad_bin,
    subject VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin,
    kind BIGINT NOT NULL,
    size BIGINT NOT NULL,
    bytes MEDIUMBLOB NOT NULL,
    annotations MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    pushed_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (repository_id, digest),
    FOREIGN KEY (repository_id) REFERENCES repositories (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS manifests_by_subject ON manifests (repository_id, subject, digest);

CREATE TABLE IF NOT EXISTS manifest_blobs (
    repository_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    manifest VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    `blob` VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    PRIMARY KEY (repository_id, manifest, `blob`),
    FOREIGN KEY (repository_id, manifest) REFERENCES manifests (repository_id, digest),
    FOREIGN KEY (repository_id, `blob`) REFERENCES links (repository_id, digest)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS manifest_blobs_by_blob ON manifest_blobs (repository_id, `blob`);

CREATE TABLE IF NOT EXISTS manifest_children (
    repository_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    parent VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    child VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    PRIMARY KEY (repository_id, parent, child),
    FOREIGN KEY (repository_id, parent) REFERENCES manifests (repository_id, digest),
    FOREIGN KEY (repository_id, child) REFERENCES manifests (repository_id, digest)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS manifest_children_by_child ON manifest_children (repository_id, child);

CREATE TABLE IF NOT EXISTS tags (
    repository_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    name VARCHAR(128) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    digest VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository_id, name),
    FOREIGN KEY (repository_id, digest) REFERENCES manifests (repository_id, digest)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS tags_by_digest ON tags (repository_id, digest);

CREATE TABLE IF NOT EXISTS tag_history (
    repository_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    name VARCHAR(128) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    version BIGINT NOT NULL,
    old VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin,
    new VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin,
    by_name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    at_time BIGINT NOT NULL,
    op_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    PRIMARY KEY (repository_id, name, version),
    FOREIGN KEY (repository_id) REFERENCES repositories (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS gc_candidates (
    id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL,
    kind VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    repository_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin,
    project_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin,
    digest VARCHAR(135) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS gc_candidates_by_due ON gc_candidates (due_at);

CREATE TABLE IF NOT EXISTS doomed (
    location VARCHAR(512) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    kind VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    detail MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    bytes BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX IF NOT EXISTS doomed_by_due ON doomed (due_at);

CREATE TABLE IF NOT EXISTS nodes (
    id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    version VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    address VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    schema_number BIGINT NOT NULL,
    state VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    started_at BIGINT NOT NULL,
    beat_at BIGINT NOT NULL,
    clock_skew BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS secrets (
    name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    sealed MEDIUMBLOB NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS node_drains (
    name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL PRIMARY KEY,
    ordered_at BIGINT NOT NULL,
    node_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin,
    transfers BIGINT,
    reported_at BIGINT
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

INSERT INTO schema_migrations (number, title, checksum, applied_at)
VALUES (1, 'first schema', '3d90205cab49d35a0e548e774ca84cf25da7f78bbf924f4045e454f1da577465', TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)));

INSERT INTO schema_migrations (number, title, checksum, applied_at)
VALUES (2, 'nodes and shared secrets', '5bd5a8dd102995c6a4555a989c9d84d85cdbeb081c78f9875ed2c7e0ef3db90b', TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)));

INSERT INTO schema_migrations (number, title, checksum, applied_at)
VALUES (3, 'drains of nodes', '789f3022e6f83e905853b12adf34749a93476cf33bd2ed449039de41f9befa22', TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)));
