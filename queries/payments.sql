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
SELECT * FROM payments p
WHERE p.merchant_id = @merchant_id
  AND (sqlc.narg('status')::text IS NULL OR p.status = sqlc.narg('status'))
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
  AND (sqlc.narg('order_id')::text IS NULL OR p.order_id = sqlc.narg('order_id'))
  AND (sqlc.narg('method')::text IS NULL OR p.method = sqlc.narg('method'))
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR p.created_at >= sqlc.narg('created_from'))
  AND (sqlc.narg('created_until')::timestamptz IS NULL OR p.created_at < sqlc.narg('created_until'))
  AND (p.created_at, p.id) > (@after_at::timestamptz, @after_id::text)
ORDER BY p.created_at, p.id
LIMIT @row_limit;

-- name: PaymentBegin :many
-- Moves what is pending to processing and returns all of them as they then are. Who finds a payment
-- in processing already knows that the acquirer may have been asked before.
WITH begun AS (
    UPDATE payments p SET status = 'processing', updated_at = @now::timestamptz
    WHERE p.id = ANY (@ids::text[]) AND p.status = 'pending'
    RETURNING p.id
)
SELECT sqlc.embed(payments), (begun.id IS NOT NULL)::boolean AS fresh
FROM payments LEFT JOIN begun ON begun.id = payments.id
WHERE payments.id = ANY (@ids::text[]);

-- name: PaymentSettleMany :many
-- The guard is the state: a payment that another worker settled in between is left as it is, and so
-- missing from the rows returned.
UPDATE payments p SET
    status          = u.status,
    amount_captured = CASE WHEN u.status = 'success' THEN p.amount ELSE 0 END,
    order_slot      = CASE WHEN u.status = 'failed' THEN NULL ELSE p.order_slot END,
    failure_code    = nullif(u.failure_code, ''),
    failure_message = nullif(u.failure_message, ''),
    next_action_url = nullif(u.next_action_url, ''),
    updated_at      = u.now
FROM (SELECT
    unnest(@ids::text[]) AS id, unnest(@statuses::text[]) AS status, unnest(@failure_codes::text[]) AS failure_code,
    unnest(@failure_messages::text[]) AS failure_message, unnest(@next_action_urls::text[]) AS next_action_url,
    unnest(@nows::timestamptz[]) AS now
) AS u
WHERE p.id = u.id AND p.status = 'processing'
RETURNING p.*;

-- name: PaymentLockMany :many
SELECT * FROM payments WHERE id = ANY (@ids::text[]) ORDER BY id FOR UPDATE;

-- name: PaymentForWork :one
SELECT * FROM payments WHERE id = @id;

-- name: PaymentDecideMany :many
-- One decision for a payment, ever: the guard is that there is none yet.
UPDATE payments p SET operation = u.operation, operation_amount = nullif(u.amount, 0), updated_at = @now::timestamptz
FROM (SELECT unnest(@ids::text[]) AS id, unnest(@operations::text[]) AS operation, unnest(@amounts::bigint[]) AS amount) AS u
WHERE p.id = u.id AND p.operation IS NULL AND p.status IN ('authorized', 'requires_action')
RETURNING p.id;

-- name: PaymentFinishMany :many
UPDATE payments p SET
    status          = u.status,
    amount_captured = CASE WHEN u.status = 'success' THEN p.operation_amount ELSE 0 END,
    order_slot      = CASE WHEN u.status = 'success' THEN p.order_slot END,
    failure_code    = nullif(u.failure_code, ''),
    failure_message = nullif(u.failure_message, ''),
    next_action_url = NULL,
    updated_at      = @now::timestamptz
FROM (SELECT
    unnest(@ids::text[]) AS id, unnest(@operations::text[]) AS operation, unnest(@statuses::text[]) AS status,
    unnest(@failure_codes::text[]) AS failure_code, unnest(@failure_messages::text[]) AS failure_message
) AS u
WHERE p.id = u.id AND p.operation = u.operation AND p.status IN ('authorized', 'requires_action')
RETURNING p.*;

-- name: PaymentPromiseRefunds :many
-- The statement that takes the money is the check: more than what is left matches no row.
UPDATE payments p SET amount_refunded = p.amount_refunded + u.amount, updated_at = @now::timestamptz
FROM (SELECT
    unnest(@ids::text[]) AS id, unnest(@amounts::bigint[]) AS amount
) AS u
WHERE p.id = u.id AND p.status = 'success' AND p.amount_refunded + u.amount <= p.amount_captured
RETURNING p.id;

-- name: PaymentReturnRefunds :many
UPDATE payments p SET amount_refunded = p.amount_refunded - u.amount, updated_at = @now::timestamptz
FROM (SELECT
    unnest(@ids::text[]) AS id, unnest(@amounts::bigint[]) AS amount
) AS u
WHERE p.id = u.id
RETURNING p.id;
