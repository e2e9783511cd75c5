-- Instants are seconds since the epoch as exact doubles. What is compared byte by byte is COLLATE "C", so that no
-- index depends on the locales of a machine.

CREATE TABLE limen_accounts (
    id             uuid PRIMARY KEY,
    email          text NOT NULL,
    key            text COLLATE "C" NOT NULL UNIQUE,
    password       text,
    scopes         text NOT NULL,
    created        double precision NOT NULL,
    disabled       double precision,
    cutoff         double precision NOT NULL,
    claims_changed double precision NOT NULL
);

CREATE TABLE limen_sessions (
    id            uuid PRIMARY KEY,
    account       uuid NOT NULL REFERENCES limen_accounts (id) ON DELETE CASCADE,
    strategy      text NOT NULL,
    digest        bytea NOT NULL CHECK (length(digest) = 32),
    generation    bigint NOT NULL,
    rotated       double precision NOT NULL,
    created       double precision NOT NULL,
    authenticated double precision NOT NULL,
    amr           text NOT NULL,
    scopes        text NOT NULL,
    touched       double precision NOT NULL,
    ends          double precision NOT NULL,
    expires       double precision NOT NULL,
    user_agent    text NOT NULL,
    source        text NOT NULL
);

-- The newest of an account, and the next to sweep.
CREATE INDEX limen_sessions_by_account ON limen_sessions (account, id);
CREATE INDEX limen_sessions_by_end ON limen_sessions (ends, id);

CREATE TABLE limen_revocations (
    position bigint PRIMARY KEY,
    kind     text NOT NULL,
    subject  text NOT NULL,
    upto     double precision NOT NULL,
    until    double precision NOT NULL,
    at       double precision NOT NULL,
    why      text NOT NULL
);

CREATE INDEX limen_revocations_by_until ON limen_revocations (until, position);

CREATE TABLE limen_buckets (
    key     text COLLATE "C" PRIMARY KEY,
    charges double precision NOT NULL,
    opens   double precision NOT NULL,
    last    double precision NOT NULL,
    ends    double precision NOT NULL
);

CREATE INDEX limen_buckets_by_end ON limen_buckets (ends, key);

CREATE TABLE limen_keys (
    kid       text COLLATE "C" PRIMARY KEY,
    ordinal   integer NOT NULL,
    algorithm text NOT NULL,
    state     text NOT NULL,
    sealed    bytea NOT NULL,
    created   double precision NOT NULL,
    since     double precision NOT NULL
);

-- One row: the version of the key ring, and the last position of the feed. Whoever appends to the feed holds this row
-- until the commit, so positions are in the order of commits. `timeline` is the server's when the last one was given.
-- Of the events that were swept, the highest position and the latest `until`: a clock that was wrong may have swept
-- what matters.
CREATE TABLE limen_state (
    one       integer PRIMARY KEY CHECK (one = 1),
    ring      bigint NOT NULL,
    position  bigint NOT NULL,
    timeline  text NOT NULL,
    swept     bigint NOT NULL,
    forgotten double precision NOT NULL
) WITH (fillfactor = 10);

INSERT INTO limen_state (one, ring, position, timeline, swept, forgotten)
VALUES (1, 0, 0, left(pg_walfile_name(pg_current_wal_lsn()), 8), 0, 0);

-- The last transaction of each lane of each process: whether a commit whose answer was lost took place.
CREATE TABLE limen_receipts (
    lane uuid PRIMARY KEY,
    turn bigint NOT NULL,
    at   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 10);

-- Whole numbers that only grow: what a Redis beside this database must not fall behind.

CREATE TABLE limen_marks (
    name  text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL
);
