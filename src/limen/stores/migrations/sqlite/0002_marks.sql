-- Whole numbers that only grow: what a Redis beside this database must not fall behind.

CREATE TABLE limen_marks (
    name  TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
