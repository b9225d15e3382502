-- name: InvariantRecordMany :exec
INSERT INTO invariants (check_name, violations, checked_at, took_ms)
SELECT unnest(@check_names::text[]), unnest(@violations::bigint[]), @checked_at, unnest(@tooks_ms::bigint[])
ON CONFLICT (check_name) DO UPDATE SET violations = excluded.violations, checked_at = excluded.checked_at, took_ms = excluded.took_ms;

-- name: InvariantForget :exec
-- What another version of the program checked is not kept.
DELETE FROM invariants WHERE check_name <> ALL (@check_names::text[]);

-- name: InvariantList :many
SELECT * FROM invariants ORDER BY check_name;

-- name: InvariantCost :one
-- When all were last counted, and how long that took; before the first time, in 1970.
SELECT coalesce(min(checked_at), to_timestamp(0))::timestamptz AS checked_at, coalesce(sum(took_ms), 0)::bigint AS took_ms FROM invariants;

-- name: InvariantsTryLock :one
-- Whether nobody examines the books; then the session does, until it unlocks or ends.
SELECT pg_try_advisory_lock(hashtextextended('examine_books', 0));

-- name: InvariantsUnlock :one
SELECT pg_advisory_unlock(hashtextextended('examine_books', 0));
