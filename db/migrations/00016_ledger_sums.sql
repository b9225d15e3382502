-- +goose Up
-- The balance of a merchant without adding up all of the merchant's ledger: sums up to a time before which
-- nothing is booked any more, to which the rest is added when somebody asks (docs/decisions/0032).
SET LOCAL lock_timeout = '5s';

-- until is the time before which nothing is booked any more: what books a transfer dates it then at the earliest
-- (TransferInsertMany).
CREATE TABLE ledger_seal (
    id    boolean PRIMARY KEY DEFAULT true CHECK (id),
    until timestamptz NOT NULL
);

-- The balance of each account of a merchant, in three arrays of the same length, of the transfers before until. One
-- row, and so never a part of it: without it the ledger is added up whole. Without the seal no row would hold.
CREATE TABLE ledger_sums (
    merchant_id uuid PRIMARY KEY,
    until       timestamptz NOT NULL,
    currencies  text[]      NOT NULL,
    accounts    text[]      NOT NULL,
    balances    bigint[]    NOT NULL,
    seal        boolean     NOT NULL DEFAULT true REFERENCES ledger_seal (id) ON DELETE CASCADE,
    CONSTRAINT ledger_sums_in_step CHECK (cardinality(currencies) = cardinality(accounts) AND cardinality(accounts) = cardinality(balances))
);

-- +goose Down
DROP TABLE ledger_sums, ledger_seal;
