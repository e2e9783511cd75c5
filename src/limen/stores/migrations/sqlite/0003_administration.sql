-- Entries of the audit log outlive the accounts that they tell of. Their ids are UUIDv7: the newest are the last of
-- each tree, and the oldest are swept from its beginning.

CREATE TABLE limen_entries (
    id      BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at      REAL NOT NULL,
    event   TEXT NOT NULL,
    result  TEXT NOT NULL,
    actor   TEXT NOT NULL,
    account BLOB CHECK (length(account) = 16),
    session BLOB CHECK (length(session) = 16),
    source  TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The primary key is the last column of each, unwritten.
CREATE INDEX limen_entries_by_account ON limen_entries (account) WHERE account IS NOT NULL;
CREATE INDEX limen_entries_by_actor ON limen_entries (actor);
CREATE INDEX limen_entries_by_source ON limen_entries (source);
CREATE INDEX limen_entries_by_event ON limen_entries (event);
CREATE INDEX limen_entries_by_result ON limen_entries (result) WHERE result <> 'ok';

-- The accounts of which there are few among many. All others are listed by their id or by their key.
CREATE INDEX limen_accounts_disabled ON limen_accounts (id) WHERE disabled IS NOT NULL;
CREATE INDEX limen_accounts_administrators ON limen_accounts (id) WHERE instr(' ' || scopes || ' ', ' limen:admin ') > 0;
