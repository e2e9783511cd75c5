-- Entries of the audit log outlive the accounts that they tell of. Their ids are UUIDv7: the newest are the last of
-- each index, and the oldest are swept from its beginning.

CREATE TABLE limen_entries (
    id      uuid PRIMARY KEY,
    at      double precision NOT NULL,
    event   text COLLATE "C" NOT NULL,
    result  text COLLATE "C" NOT NULL,
    actor   text COLLATE "C" NOT NULL,
    account uuid,
    session uuid,
    source  text COLLATE "C" NOT NULL,
    detail  text NOT NULL
);

CREATE INDEX limen_entries_by_account ON limen_entries (account, id) WHERE account IS NOT NULL;
CREATE INDEX limen_entries_by_actor ON limen_entries (actor, id);
CREATE INDEX limen_entries_by_source ON limen_entries (source, id);
CREATE INDEX limen_entries_by_event ON limen_entries (event, id);
CREATE INDEX limen_entries_by_result ON limen_entries (result, id) WHERE result <> 'ok';

-- The accounts of which there are few among many. All others are listed by their id or by their key.
CREATE INDEX limen_accounts_disabled ON limen_accounts (id) WHERE disabled IS NOT NULL;
CREATE INDEX limen_accounts_administrators ON limen_accounts (id) WHERE strpos(' ' || scopes || ' ', ' limen:admin ') > 0;
