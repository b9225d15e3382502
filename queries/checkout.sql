-- name: CheckoutSecretGet :one
-- The secret that signs now.
SELECT (CASE WHEN next_from <= @now::timestamptz THEN next_sealed ELSE sealed END)::bytea AS sealed
FROM checkout_secrets WHERE merchant_id = @merchant_id;

-- name: CheckoutSecretRotate :execrows
-- Another one signs from a time on. One that was to do so later is given up: the newest is meant.
UPDATE checkout_secrets SET
    sealed = CASE WHEN next_from <= @now::timestamptz THEN next_sealed ELSE sealed END,
    next_sealed = @next_sealed, next_from = @next_from::timestamptz
WHERE merchant_id = @merchant_id;

-- name: CheckoutSecretOffer :exec
-- Does nothing when there is one: two processes that find none agree on the first.
INSERT INTO checkout_secrets (merchant_id, sealed, created_at)
VALUES (@merchant_id, @sealed, @created_at)
ON CONFLICT (merchant_id) DO NOTHING;

-- name: CheckoutOriginList :many
SELECT origin FROM checkout_origins WHERE merchant_id = @merchant_id ORDER BY origin;

-- name: CheckoutOriginInsert :exec
INSERT INTO checkout_origins (merchant_id, origin, created_at)
VALUES (@merchant_id, @origin, @created_at)
ON CONFLICT (merchant_id, origin) DO NOTHING;

-- name: CheckoutOriginDelete :execrows
DELETE FROM checkout_origins WHERE merchant_id = @merchant_id AND origin = @origin;

-- name: CheckoutAttemptGet :one
-- The answer that is remembered for one attempt to pay.
SELECT status, body FROM idempotency_keys WHERE merchant_id = @merchant_id AND route = @route AND key = @key;

-- name: CheckoutActionGet :one
-- What the simulated bank shows to the customer of a payment.
SELECT p.merchant_id, p.amount, p.currency, p.status, m.name AS merchant_name
FROM payments p JOIN merchants m ON m.id = p.merchant_id
WHERE p.id = @id;

-- name: CheckoutPaymentStates :many
-- One look for everybody who waits for the end of a payment.
SELECT id, status, updated_at FROM payments WHERE id = ANY (@ids::text[]);

-- name: CheckoutFailedAttempts :one
-- How many payments of an order have failed, as far as that matters. Of an order that one payment ends there are few.
SELECT count(*) FROM (SELECT FROM payments WHERE merchant_id = @merchant_id AND order_id = @order_id::text AND status = 'failed' LIMIT @most) failed;
