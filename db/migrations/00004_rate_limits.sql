-- +goose Up
SET LOCAL lock_timeout = '5s';

-- A merchant's own limit for each of its API keys and each kind of request, as RATE_LIMIT is written:
-- 100/s, 6000/m, 20000/h, or 0 for none. NULL is the installation's.
ALTER TABLE merchants ADD COLUMN rate_limit text
    CONSTRAINT merchants_rate_limit CHECK (rate_limit ~ '^(0|(1000000|[1-9][0-9]{0,5})/[smh])$');

-- Old answers are found by this index when they are pruned. What is not summarized counts as a
-- candidate, and autovacuum alone comes by too rarely for a table that grows fast.
ALTER INDEX idempotency_keys_created SET (autosummarize = on);

-- +goose Down
ALTER INDEX idempotency_keys_created RESET (autosummarize);
ALTER TABLE merchants DROP COLUMN rate_limit;
