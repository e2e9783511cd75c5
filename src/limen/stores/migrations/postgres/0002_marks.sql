-- Whole numbers that only grow: what a Redis beside this database must not fall behind.

CREATE TABLE limen_marks (
    name  text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL
);
