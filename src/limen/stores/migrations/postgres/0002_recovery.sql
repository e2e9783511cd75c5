-- When the address was proven, and how the person wants to be called.

ALTER TABLE limen_accounts ADD COLUMN verified double precision;
ALTER TABLE limen_accounts ADD COLUMN name text NOT NULL DEFAULT '';

-- One-time tickets: of each purpose an account has one at most, the latest that was asked for.
CREATE TABLE limen_tickets (
    account   uuid NOT NULL REFERENCES limen_accounts (id) ON DELETE CASCADE,
    purpose   text COLLATE "C" NOT NULL,
    digest    bytea NOT NULL CHECK (length(digest) = 32),
    holder    text COLLATE "C" NOT NULL,
    email     text NOT NULL,
    created   double precision NOT NULL,
    ends      double precision NOT NULL,
    confirmed double precision,
    PRIMARY KEY (account, purpose)
);

CREATE INDEX limen_tickets_by_end ON limen_tickets (ends, account, purpose);

-- Letters that wait to be sent, sealed, for there may be a ticket in them. `due` is when the next attempt may be made.
CREATE TABLE limen_letters (
    id       uuid PRIMARY KEY,
    sealed   bytea NOT NULL,
    due      double precision NOT NULL,
    ends     double precision NOT NULL,
    attempts bigint NOT NULL
);

CREATE INDEX limen_letters_by_due ON limen_letters (due, id);
CREATE INDEX limen_letters_by_end ON limen_letters (ends, id);
