-- name: RefundInsertMany :exec
INSERT INTO refunds (id, merchant_id, payment_id, amount, currency, status, reason, metadata, created_at, updated_at)
SELECT u.id, u.merchant_id, u.payment_id, u.amount, u.currency, 'pending', nullif(u.reason, ''), u.metadata::jsonb, u.created_at, u.created_at
FROM (SELECT
    unnest(@ids::text[]) AS id, unnest(@merchant_ids::uuid[]) AS merchant_id,
    unnest(@payment_ids::text[]) AS payment_id, unnest(@amounts::bigint[]) AS amount,
    unnest(@currencies::text[]) AS currency, unnest(@reasons::text[]) AS reason,
    unnest(@metadatas::text[]) AS metadata, unnest(@created_ats::timestamptz[]) AS created_at
) AS u;

-- name: RefundGet :one
SELECT * FROM refunds WHERE merchant_id = @merchant_id AND id = @id;

-- name: RefundForWork :one
SELECT * FROM refunds WHERE id = @id;

-- name: RefundListPage :many
SELECT * FROM refunds r
WHERE r.merchant_id = @merchant_id
  AND (sqlc.narg('payment_id')::text IS NULL OR r.payment_id = sqlc.narg('payment_id'))
  AND (sqlc.narg('status')::text IS NULL OR r.status = sqlc.narg('status'))
  AND (sqlc.narg('before_at')::timestamptz IS NULL OR (r.created_at, r.id) < (sqlc.narg('before_at'), @before_id::text))
ORDER BY r.created_at DESC, r.id DESC
LIMIT @row_limit;

-- name: RefundListPageUp :many
SELECT * FROM refunds r
WHERE r.merchant_id = @merchant_id
  AND (sqlc.narg('payment_id')::text IS NULL OR r.payment_id = sqlc.narg('payment_id'))
  AND (sqlc.narg('status')::text IS NULL OR r.status = sqlc.narg('status'))
  AND (r.created_at, r.id) > (@after_at::timestamptz, @after_id::text)
ORDER BY r.created_at, r.id
LIMIT @row_limit;

-- name: RefundSettleMany :many
WITH held AS (
    SELECT r.id FROM refunds r WHERE r.id = ANY (@ids::text[]) ORDER BY r.id FOR NO KEY UPDATE
)
UPDATE refunds r SET
    status          = u.status,
    failure_code    = nullif(u.failure_code, ''),
    failure_message = nullif(u.failure_message, ''),
    updated_at      = greatest(r.updated_at, @now::timestamptz)
FROM held
JOIN (SELECT
    unnest(@ids::text[]) AS id, unnest(@statuses::text[]) AS status, unnest(@failure_codes::text[]) AS failure_code,
    unnest(@failure_messages::text[]) AS failure_message
) AS u ON u.id = held.id
WHERE r.id = held.id AND r.status = 'pending'
RETURNING r.*;
