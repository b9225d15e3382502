-- name: EventInsertMany :exec
INSERT INTO events (id, merchant_id, type, payment_id, order_id, refund_id, body, traceparent, created_at)
SELECT u.id, u.merchant_id, u.type, nullif(u.payment_id, ''), nullif(u.order_id, ''), nullif(u.refund_id, ''), u.body,
    nullif(u.traceparent, ''), u.created_at
FROM (SELECT
    unnest(@ids::text[]) AS id, unnest(@merchant_ids::uuid[]) AS merchant_id, unnest(@types::text[]) AS type,
    unnest(@payment_ids::text[]) AS payment_id, unnest(@order_ids::text[]) AS order_id,
    unnest(@refund_ids::text[]) AS refund_id, unnest(@bodies::text[]) AS body,
    unnest(@traceparents::text[]) AS traceparent, unnest(@created_ats::timestamptz[]) AS created_at
) AS u;

-- name: EventGet :one
SELECT * FROM events WHERE merchant_id = @merchant_id AND id = @id;

-- name: EventListPage :many
SELECT * FROM events e
WHERE e.merchant_id = @merchant_id
  AND (sqlc.narg('type')::text IS NULL OR e.type = sqlc.narg('type'))
  AND (sqlc.narg('payment_id')::text IS NULL OR e.payment_id = sqlc.narg('payment_id'))
  AND (sqlc.narg('before_at')::timestamptz IS NULL OR (e.created_at, e.id) < (sqlc.narg('before_at'), @before_id::text))
ORDER BY e.created_at DESC, e.id DESC
LIMIT @row_limit;

-- name: EventListPageUp :many
SELECT * FROM events e
WHERE e.merchant_id = @merchant_id
  AND (sqlc.narg('type')::text IS NULL OR e.type = sqlc.narg('type'))
  AND (sqlc.narg('payment_id')::text IS NULL OR e.payment_id = sqlc.narg('payment_id'))
  AND (e.created_at, e.id) > (@after_at::timestamptz, @after_id::text)
ORDER BY e.created_at, e.id
LIMIT @row_limit;
