-- name: IdempotencyTryLock :many
-- Never waits: false means that another transaction is working on that key right now.
SELECT u.pos::integer AS pos, pg_try_advisory_xact_lock(u.hash) AS locked
FROM unnest(@hashes::bigint[]) WITH ORDINALITY AS u (hash, pos)
ORDER BY u.pos;

-- name: IdempotencyFind :many
SELECT k.* FROM idempotency_keys k
JOIN (SELECT
    unnest(@merchant_ids::uuid[]) AS merchant_id, unnest(@routes::text[]) AS route, unnest(@keys::text[]) AS key
) AS u
  ON k.merchant_id = u.merchant_id AND k.route = u.route AND k.key = u.key;

-- name: IdempotencyAssumeFree :exec
-- That IdempotencyTryLock would take all.
SELECT assume(bool_and(pg_try_advisory_xact_lock(u.hash))) FROM unnest(@hashes::bigint[]) AS u (hash);

-- name: IdempotencyAssumeNew :exec
-- That IdempotencyFind would find nothing.
SELECT assume(NOT EXISTS (
    SELECT FROM idempotency_keys k
    JOIN (SELECT
        unnest(@merchant_ids::uuid[]) AS merchant_id, unnest(@routes::text[]) AS route, unnest(@keys::text[]) AS key
    ) AS u
      ON k.merchant_id = u.merchant_id AND k.route = u.route AND k.key = u.key
));

-- name: IdempotencyInsertMany :exec
INSERT INTO idempotency_keys (merchant_id, route, key, fingerprint, status, body, created_at)
SELECT unnest(@merchant_ids::uuid[]), unnest(@routes::text[]), unnest(@keys::text[]), unnest(@fingerprints::bytea[]),
    unnest(@statuses::smallint[]), unnest(@bodies::bytea[]), @created_at::timestamptz;

-- name: IdempotencyPrune :execrows
-- One batch. By ctid, so that the rows are found once; FOR UPDATE is not needed, for they never change.
DELETE FROM idempotency_keys
WHERE ctid = ANY (ARRAY(
    SELECT k.ctid FROM idempotency_keys k WHERE k.created_at < @created_before::timestamptz LIMIT @batch_size::integer
));
