-- When the address was proven, and how the person wants to be called.

ALTER TABLE limen_accounts ADD COLUMN verified REAL;
ALTER TABLE limen_accounts ADD COLUMN name TEXT NOT NULL DEFAULT '';

-- One-time tickets: of each purpose an account has one at most, the latest that was asked for.
CREATE TABLE limen_tickets (
    account   BLOB NOT NULL REFERENCES limen_accounts (id) ON DELETE CASCADE,
    purpose   TEXT NOT NULL,
    digest    BLOB NOT NULL CHECK (length(digest) = 32),
    holder    TEXT NOT NULL,
    email     TEXT NOT NULL,
    created   REAL NOT NULL,
    ends      REAL NOT NULL,
    confirmed REAL,
    PRIMARY KEY (account, purpose)
) STRICT, WITHOUT ROWID;

CREATE INDEX limen_tickets_by_end ON limen_tickets (ends);

-- Letters that wait to be sent, sealed, for there may be a ticket in them. `due` is when the next attempt may be made.
CREATE TABLE limen_letters (
    id       BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    sealed   BLOB NOT NULL,
    due      REAL NOT NULL,
    ends     REAL NOT NULL,
    attempts INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX limen_letters_by_due ON limen_letters (due);
CREATE INDEX limen_letters_by_end ON limen_letters (ends);
