-- name: OrderInsert :exec
INSERT INTO orders (id, merchant_id, amount, currency, status, receipt, reusable, metadata, created_at, updated_at)
VALUES (@id, @merchant_id, @amount, @currency, 'created', @receipt, @reusable, @metadata, @created_at, @created_at);

-- name: OrderSeed :exec
INSERT INTO orders (id, merchant_id, amount, currency, status, reusable, created_at, updated_at)
VALUES (@id, @merchant_id, @amount, @currency, 'created', true, @created_at, @created_at)
ON CONFLICT (id) DO NOTHING;

-- name: OrderGet :one
SELECT * FROM orders WHERE merchant_id = @merchant_id AND id = @id;

-- name: OrderListPage :many
-- A page in either direction: newest first, or, with ending_before, the ones just newer than it.
SELECT * FROM orders o
WHERE o.merchant_id = @merchant_id
  AND (sqlc.narg('status')::text IS NULL OR o.status = sqlc.narg('status'))
  AND (sqlc.narg('before_at')::timestamptz IS NULL OR (o.created_at, o.id) < (sqlc.narg('before_at'), @before_id::text))
ORDER BY o.created_at DESC, o.id DESC
LIMIT @row_limit;

-- name: OrderListPageUp :many
SELECT * FROM orders o
WHERE o.merchant_id = @merchant_id
  AND (sqlc.narg('status')::text IS NULL OR o.status = sqlc.narg('status'))
  AND (o.created_at, o.id) > (@after_at::timestamptz, @after_id::text)
ORDER BY o.created_at, o.id
LIMIT @row_limit;

-- name: OrderLockMany :many
-- The orders of new payments. Locked are those that a payment changes or that take only one, in one
-- order everywhere, and before any payment is: so two transactions never wait for each other in
-- a circle. An order that is paid by many and was attempted before needs no lock, and must not make
-- all its payers wait for each other.
WITH held AS (
    SELECT o.id, o.status FROM orders o
    WHERE o.id = ANY (@ids::text[]) AND (NOT o.reusable OR o.status = 'created')
    ORDER BY o.id FOR NO KEY UPDATE
)
SELECT sqlc.embed(orders), coalesce(held.status, orders.status)::text AS current_status
FROM orders LEFT JOIN held ON held.id = orders.id
WHERE orders.id = ANY (@ids::text[]);

-- name: OrderLockUnpaid :exec
-- Takes the orders that are about to be paid, before their payments are locked (see OrderLockMany).
SELECT id FROM orders WHERE id = ANY (@ids::text[]) AND status <> 'paid' ORDER BY id FOR NO KEY UPDATE;

-- name: OrderMarkAttempted :exec
UPDATE orders SET status = 'attempted', updated_at = greatest(updated_at, @now::timestamptz)
WHERE id = ANY (@ids::text[]) AND status = 'created';

-- name: OrderMarkPaid :many
UPDATE orders SET status = 'paid', updated_at = greatest(updated_at, @now::timestamptz)
WHERE id = ANY (@ids::text[]) AND status <> 'paid'
RETURNING *;
