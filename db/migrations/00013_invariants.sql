-- +goose Up
SET LOCAL lock_timeout = '5s';

-- What the workers found when they last counted each invariant of the books, for every process to show. A row
-- for each check of `paygate doctor`, written over again each time.
CREATE TABLE invariants (
    check_name text        PRIMARY KEY,
    violations bigint      NOT NULL,
    checked_at timestamptz NOT NULL,
    -- How long it took, in milliseconds: the longer, the more rarely it is counted.
    took_ms    bigint      NOT NULL
);

-- +goose Down
DROP TABLE invariants;
