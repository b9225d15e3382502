-- name: PaymentInsertMany :many
-- One row for each position of the arrays; an empty string or a zero stands for NULL. A payment
-- whose order has a live one already is left out, and so missing from the ids returned.
INSERT INTO payments (id, merchant_id, order_id, order_slot, amount, currency, status, capture, method,
    card_token, card_brand, card_last4, card_exp_month, card_exp_year, vpa, bank, metadata, created_at, updated_at)
SELECT u.id, u.merchant_id, nullif(u.order_id, ''), nullif(u.order_slot, ''), u.amount, u.currency, 'pending', u.capture,
    nullif(u.method, ''), nullif(u.card_token, ''), nullif(u.card_brand, ''), nullif(u.card_last4, ''),
    nullif(u.card_exp_month, 0), nullif(u.card_exp_year, 0), nullif(u.vpa, ''), nullif(u.bank, ''),
    u.metadata::jsonb, u.created_at, u.created_at
FROM (SELECT
    unnest(@ids::text[]) AS id, unnest(@merchant_ids::uuid[]) AS merchant_id, unnest(@order_ids::text[]) AS order_id,
    unnest(@order_slots::text[]) AS order_slot, unnest(@amounts::bigint[]) AS amount,
    unnest(@currencies::text[]) AS currency, unnest(@captures::text[]) AS capture,
    unnest(@methods::text[]) AS method, unnest(@card_tokens::text[]) AS card_token,
    unnest(@card_brands::text[]) AS card_brand, unnest(@card_last4s::text[]) AS card_last4,
    unnest(@card_exp_months::smallint[]) AS card_exp_month, unnest(@card_exp_years::smallint[]) AS card_exp_year,
    unnest(@vpas::text[]) AS vpa, unnest(@banks::text[]) AS bank, unnest(@metadatas::text[]) AS metadata,
    unnest(@created_ats::timestamptz[]) AS created_at
) AS u
ON CONFLICT (order_slot) WHERE order_slot IS NOT NULL DO NOTHING
RETURNING id;

-- name: PaymentGet :one
SELECT * FROM payments WHERE merchant_id = @merchant_id AND id = @id;

-- name: PaymentListPage :many
-- apart repeats the status in the terms of the index that holds all but what has succeeded.
SELECT * FROM payments p
WHERE p.merchant_id = @merchant_id
  AND (sqlc.narg('status')::text IS NULL OR p.status = sqlc.narg('status'))
  AND (sqlc.narg('apart')::text IS NULL OR payment_apart(p.failure_code, p.next_action_url, p.expires_at, p.operation, p.amount_captured) = sqlc.narg('apart'))
  AND (sqlc.narg('order_id')::text IS NULL OR p.order_id = sqlc.narg('order_id'))
  AND (sqlc.narg('method')::text IS NULL OR p.method = sqlc.narg('method'))
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR p.created_at >= sqlc.narg('created_from'))
  AND (sqlc.narg('created_until')::timestamptz IS NULL OR p.created_at < sqlc.narg('created_until'))
  AND (sqlc.narg('before_at')::timestamptz IS NULL OR (p.created_at, p.id) < (sqlc.narg('before_at'), @before_id::text))
ORDER BY p.created_at DESC, p.id DESC
LIMIT @row_limit;

-- name: PaymentListPageUp :many
SELECT * FROM payments p
WHERE p.merchant_id = @merchant_id
  AND (sqlc.narg('status')::text IS NULL OR p.status = sqlc.narg('status'))
  AND (sqlc.narg('apart')::text IS NULL OR payment_apart(p.failure_code, p.next_action_url, p.expires_at, p.operation, p.amount_captured) = sqlc.narg('apart'))
  AND (sqlc.narg('order_id')::text IS NULL OR p.order_id = sqlc.narg('order_id'))
  AND (sqlc.narg('method')::text IS NULL OR p.method = sqlc.narg('method'))
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR p.created_at >= sqlc.narg('created_from'))
  AND (sqlc.narg('created_until')::timestamptz IS NULL OR p.created_at < sqlc.narg('created_until'))
  AND (p.created_at, p.id) > (@after_at::timestamptz, @after_id::text)
ORDER BY p.created_at, p.id
LIMIT @row_limit;

-- name: PaymentBegin :many
-- Moves what is pending to processing, and returns all of them. current_status is as it then is; the
-- other columns that a worker reads never change. It is read from the lock and not from the
-- statement's snapshot, which, after a wait for another worker, would still say pending.
-- Who finds a payment in processing already knows that the acquirer may have been asked before.
WITH held AS (
    SELECT p.id, p.status FROM payments p WHERE p.id = ANY (@ids::text[]) ORDER BY p.id FOR NO KEY UPDATE
), begun AS (
    UPDATE payments p SET status = 'processing', updated_at = greatest(p.updated_at, @now::timestamptz)
    FROM held
    WHERE p.id = held.id AND held.status = 'pending'
    RETURNING p.id
)
SELECT sqlc.embed(payments), (CASE WHEN begun.id IS NULL THEN held.status ELSE 'processing' END)::text AS current_status,
    (begun.id IS NOT NULL)::boolean AS fresh
FROM held
JOIN payments ON payments.id = held.id
LEFT JOIN begun ON begun.id = held.id;

-- name: PaymentSettleMany :many
-- The acquirer's answers. The guard is the state: what another worker settled in between is left as
-- it is, and so missing from the rows returned. An answer may overtake the news that the customer
-- has acted, so it is taken from requires_action too, unless the merchant decided meanwhile: then
-- PaymentFinishMany has the last word. Here and below, rows are locked in one order by all, so that
-- two batches never wait for each other in a circle.
WITH held AS (
    SELECT p.id FROM payments p WHERE p.id = ANY (@ids::text[]) ORDER BY p.id FOR NO KEY UPDATE
)
UPDATE payments p SET
    status          = u.status,
    amount_captured = CASE WHEN u.status = 'success' THEN p.amount ELSE 0 END,
    order_slot      = CASE WHEN u.status = 'failed' THEN NULL ELSE p.order_slot END,
    failure_code    = nullif(u.failure_code, ''),
    failure_message = nullif(u.failure_message, ''),
    next_action_url = nullif(u.next_action_url, ''),
    expires_at      = CASE u.status WHEN 'authorized' THEN @authorized_until::timestamptz WHEN 'requires_action' THEN @action_until::timestamptz END,
    updated_at      = greatest(p.updated_at, @now::timestamptz)
FROM held
JOIN (SELECT
    unnest(@ids::text[]) AS id, unnest(@statuses::text[]) AS status, unnest(@failure_codes::text[]) AS failure_code,
    unnest(@failure_messages::text[]) AS failure_message, unnest(@next_action_urls::text[]) AS next_action_url
) AS u ON u.id = held.id
WHERE p.id = held.id AND (p.status, u.status) IN (
        ('processing', 'success'), ('processing', 'authorized'), ('processing', 'failed'), ('processing', 'requires_action'),
        ('requires_action', 'success'), ('requires_action', 'authorized'), ('requires_action', 'failed'))
  AND p.operation IS NULL
RETURNING p.*;

-- name: PaymentLockMany :many
SELECT * FROM payments WHERE id = ANY (@ids::text[]) ORDER BY id FOR NO KEY UPDATE;

-- name: PaymentForWork :one
SELECT * FROM payments WHERE id = @id;

-- name: PaymentResume :execrows
-- The customer has acted: the acquirer is to be asked again.
UPDATE payments SET status = 'processing', next_action_url = NULL, expires_at = NULL, updated_at = greatest(updated_at, @now::timestamptz)
WHERE id = @id AND status = 'requires_action' AND operation IS NULL;

-- name: PaymentExpired :many
-- Payments that have waited long enough, for whom nothing is decided.
SELECT id, merchant_id FROM payments
WHERE expires_at <= @now::timestamptz AND operation IS NULL
ORDER BY expires_at, id
LIMIT @row_limit;

-- name: PaymentDecideMany :many
-- One decision for a payment, ever: the guard is that there is none yet.
UPDATE payments p SET operation = u.operation, operation_amount = nullif(u.amount, 0), updated_at = greatest(p.updated_at, @now::timestamptz)
FROM (SELECT unnest(@ids::text[]) AS id, unnest(@operations::text[]) AS operation, unnest(@amounts::bigint[]) AS amount) AS u
WHERE p.id = u.id AND p.operation IS NULL
  AND (p.status, u.operation) IN (('authorized', 'capture'), ('authorized', 'cancel'), ('requires_action', 'cancel'))
RETURNING p.id;

-- name: PaymentFinishMany :many
-- What became of decisions. A cancellation may find that the customer has paid.
WITH held AS (
    SELECT p.id FROM payments p WHERE p.id = ANY (@ids::text[]) ORDER BY p.id FOR NO KEY UPDATE
)
UPDATE payments p SET
    status          = u.status,
    amount_captured = CASE WHEN u.status = 'success' THEN coalesce(p.operation_amount, p.amount) ELSE 0 END,
    order_slot      = CASE WHEN u.status = 'success' THEN p.order_slot END,
    failure_code    = nullif(u.failure_code, ''),
    failure_message = nullif(u.failure_message, ''),
    next_action_url = NULL,
    expires_at      = NULL,
    updated_at      = greatest(p.updated_at, @now::timestamptz)
FROM held
JOIN (SELECT
    unnest(@ids::text[]) AS id, unnest(@operations::text[]) AS operation, unnest(@statuses::text[]) AS status,
    unnest(@failure_codes::text[]) AS failure_code, unnest(@failure_messages::text[]) AS failure_message
) AS u ON u.id = held.id
WHERE p.id = held.id AND p.operation = u.operation AND (p.status, u.operation, u.status) IN (
        ('authorized', 'capture', 'success'), ('authorized', 'capture', 'failed'),
        ('authorized', 'cancel', 'canceled'), ('authorized', 'cancel', 'failed'),
        ('requires_action', 'cancel', 'canceled'), ('requires_action', 'cancel', 'failed'), ('requires_action', 'cancel', 'success'))
RETURNING p.*;

-- name: PaymentPromiseRefunds :many
-- The statement that takes the money is the check: more than what is left matches no row.
UPDATE payments p SET amount_refunded = p.amount_refunded + u.amount, updated_at = greatest(p.updated_at, @now::timestamptz)
FROM (SELECT
    unnest(@ids::text[]) AS id, unnest(@amounts::bigint[]) AS amount
) AS u
WHERE p.id = u.id AND p.status = 'success' AND p.amount_refunded + u.amount <= p.amount_captured
RETURNING p.id;

-- name: PaymentReturnRefunds :many
WITH held AS (
    SELECT p.id FROM payments p WHERE p.id = ANY (@ids::text[]) ORDER BY p.id FOR NO KEY UPDATE
)
UPDATE payments p SET amount_refunded = p.amount_refunded - u.amount, updated_at = greatest(p.updated_at, @now::timestamptz)
FROM held
JOIN (SELECT unnest(@ids::text[]) AS id, unnest(@amounts::bigint[]) AS amount) AS u ON u.id = held.id
WHERE p.id = held.id
RETURNING p.id;
