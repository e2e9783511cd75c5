-- Ids are the 16 bytes of a UUID, instants are seconds since the epoch as exact doubles.
-- A point read is one descent of one tree: WITHOUT ROWID keeps the row under its id.

CREATE TABLE limen_accounts (
    id             BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email          TEXT NOT NULL,
    key            TEXT NOT NULL UNIQUE,
    password       TEXT,
    scopes         TEXT NOT NULL,
    created        REAL NOT NULL,
    disabled       REAL,
    cutoff         REAL NOT NULL,
    claims_changed REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE limen_sessions (
    id            BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account       BLOB NOT NULL REFERENCES limen_accounts (id) ON DELETE CASCADE,
    strategy      TEXT NOT NULL,
    digest        BLOB NOT NULL CHECK (length(digest) = 32),
    generation    INTEGER NOT NULL,
    rotated       REAL NOT NULL,
    created       REAL NOT NULL,
    authenticated REAL NOT NULL,
    amr           TEXT NOT NULL,
    scopes        TEXT NOT NULL,
    touched       REAL NOT NULL,
    ends          REAL NOT NULL,
    expires       REAL NOT NULL,
    user_agent    TEXT NOT NULL,
    source        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The primary key is the last column of both, unwritten: the newest of an account, and the next to sweep.
CREATE INDEX limen_sessions_by_account ON limen_sessions (account);
CREATE INDEX limen_sessions_by_end ON limen_sessions (ends);

-- AUTOINCREMENT: a position is never given twice, not even after the last event was swept.
CREATE TABLE limen_revocations (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    upto     REAL NOT NULL,
    until    REAL NOT NULL,
    at       REAL NOT NULL,
    why      TEXT NOT NULL
) STRICT;

CREATE INDEX limen_revocations_by_until ON limen_revocations (until);

CREATE TABLE limen_buckets (
    key     TEXT NOT NULL PRIMARY KEY,
    charges REAL NOT NULL,
    opens   REAL NOT NULL,
    last    REAL NOT NULL,
    ends    REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX limen_buckets_by_end ON limen_buckets (ends);

CREATE TABLE limen_keys (
    kid       TEXT NOT NULL PRIMARY KEY,
    ordinal   INTEGER NOT NULL,
    algorithm TEXT NOT NULL,
    state     TEXT NOT NULL,
    sealed    BLOB NOT NULL,
    created   REAL NOT NULL,
    since     REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: the version of the key ring, what `ping` writes to know that it can, and of the events that were
-- swept the highest position and the latest `until`, for a clock that was wrong may have swept what matters.
CREATE TABLE limen_state (
    one       INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    ring      INTEGER NOT NULL,
    pings     INTEGER NOT NULL,
    swept     INTEGER NOT NULL,
    forgotten REAL NOT NULL
) STRICT;

INSERT INTO limen_state (one, ring, pings, swept, forgotten) VALUES (1, 0, 0, 0, 0.0);

-- Whole numbers that only grow: what a Redis beside this database must not fall behind.

CREATE TABLE limen_marks (
    name  TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
