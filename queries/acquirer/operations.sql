-- name: OperationInsertCharges :many
-- One row for each position of the arrays. A reference that is in the books already is left out,
-- and so missing from the references returned. The caller sorts by reference: two batches that share
-- some wait for each other in one order and cannot deadlock.
INSERT INTO acquirer.operations (reference, kind, payment_reference, amount, currency, outcome, status, code,
    captured, created_at, updated_at)
SELECT u.reference, u.kind, u.reference, u.amount, u.currency, u.outcome, u.status, nullif(u.code, ''),
    CASE WHEN u.kind = 'sale' AND u.status = 'approved' THEN u.amount ELSE 0 END, u.created_at, u.created_at
FROM (SELECT
    unnest(@refs::text[]) AS reference, unnest(@kinds::text[]) AS kind, unnest(@amounts::bigint[]) AS amount,
    unnest(@currencies::text[]) AS currency, unnest(@outcomes::text[]) AS outcome,
    unnest(@statuses::text[]) AS status, unnest(@codes::text[]) AS code,
    unnest(@created_ats::timestamptz[]) AS created_at
) AS u
ON CONFLICT (reference) DO NOTHING
RETURNING reference;

-- name: OperationLockCharges :many
-- Takes the rows that a batch of captures, cancels and refunds will move, in one order for all
-- batches. It decides nothing; it prevents deadlocks, and makes a repeated reference wait for its
-- first arrival to commit, so that the next statement sees it.
SELECT reference FROM acquirer.operations
WHERE reference = ANY (@payment_refs::text[]) AND kind IN ('authorize', 'sale')
ORDER BY reference
FOR UPDATE;

-- name: OperationBookMoves :many
-- Books captures, cancels and refunds: one row for each position, and at most one position for each
-- charge, since an UPDATE touches a row once. What is in the books already, and what names no charge,
-- is left out of the result.
--
-- The UPDATE is the check: only what it moved is approved. The code of a refusal is read from
-- the charge as the statement found it and only explains.
WITH asked AS (
    SELECT unnest(@refs::text[]) AS reference, unnest(@kinds::text[]) AS kind,
        unnest(@payment_refs::text[]) AS payment_reference, unnest(@amounts::bigint[]) AS amount,
        unnest(@created_ats::timestamptz[]) AS created_at
), fresh AS (
    SELECT a.reference, a.kind, a.created_at, p.reference AS payment_reference,
        CASE WHEN a.kind = 'cancel' THEN p.amount ELSE a.amount END AS amount, p.currency, p.outcome,
        CASE
            WHEN p.status = 'declined' THEN 'payment_not_approved'
            WHEN p.canceled THEN 'payment_canceled'
            WHEN p.status = 'requires_action' THEN 'payment_not_approved'
            WHEN a.kind = 'refund' AND p.captured = 0 THEN 'payment_not_captured'
            WHEN a.kind = 'refund' AND p.outcome = 'refund_fails' THEN 'refund_failed'
            WHEN a.kind = 'refund' THEN 'amount_exceeds_captured'
            WHEN p.captured > 0 THEN 'already_captured'
            ELSE 'amount_exceeds_authorized'
        END AS refusal
    FROM asked a
    JOIN acquirer.operations p ON p.reference = a.payment_reference AND p.kind IN ('authorize', 'sale')
    WHERE NOT EXISTS (SELECT FROM acquirer.operations o WHERE o.reference = a.reference)
), moved AS (
    UPDATE acquirer.operations p
    SET captured = p.captured + CASE WHEN f.kind = 'capture' THEN f.amount ELSE 0 END,
        refunded = p.refunded + CASE WHEN f.kind = 'refund' THEN f.amount ELSE 0 END,
        canceled = f.kind = 'cancel',
        -- A customer who was still to act can now only find it canceled.
        status = CASE WHEN p.status = 'requires_action' THEN 'declined' ELSE p.status END,
        code = CASE WHEN p.status = 'requires_action' THEN 'payment_canceled' ELSE p.code END,
        updated_at = f.created_at
    FROM fresh f
    WHERE p.reference = f.payment_reference AND NOT p.canceled AND CASE f.kind
        WHEN 'capture' THEN p.status = 'approved' AND p.captured = 0 AND f.amount <= p.amount
        WHEN 'cancel' THEN p.status IN ('approved', 'requires_action') AND p.captured = 0
        WHEN 'refund' THEN f.amount <= p.captured - p.refunded AND p.outcome <> 'refund_fails'
    END
    RETURNING f.reference
)
INSERT INTO acquirer.operations (reference, kind, payment_reference, amount, currency, outcome, status, code,
    created_at, updated_at)
SELECT f.reference, f.kind, f.payment_reference, f.amount, f.currency, f.outcome,
    CASE WHEN m.reference IS NULL THEN 'declined' ELSE 'approved' END,
    CASE WHEN m.reference IS NULL THEN f.refusal END, f.created_at, f.created_at
FROM fresh f LEFT JOIN moved m ON m.reference = f.reference
RETURNING *;

-- name: OperationCompleteAction :execrows
-- The customer's step, once: a charge that is past it, or canceled meanwhile, stays as it is.
UPDATE acquirer.operations
SET status = CASE WHEN @approve::boolean THEN 'approved' ELSE 'declined' END,
    code = CASE WHEN @approve::boolean THEN NULL ELSE 'authentication_failed' END,
    captured = CASE WHEN @approve::boolean AND kind = 'sale' THEN amount ELSE 0 END,
    updated_at = @now::timestamptz
WHERE reference = @reference AND status = 'requires_action';

-- name: OperationGetMany :many
SELECT * FROM acquirer.operations WHERE reference = ANY (@refs::text[]) ORDER BY reference;

-- name: OperationListPage :many
SELECT * FROM acquirer.operations WHERE reference > @after::text ORDER BY reference LIMIT @row_limit;
