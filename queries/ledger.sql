-- name: TransferInsertMany :exec
-- What is sealed stays as it is: a transfer is dated after that, however long its transaction has taken.
INSERT INTO ledger_transfers (id, merchant_id, kind, debit, credit, amount, currency, payment_id, refund_id, created_at)
SELECT unnest(@ids::text[]), unnest(@merchant_ids::uuid[]), unnest(@kinds::text[]), unnest(@debits::text[]),
    unnest(@credits::text[]), unnest(@amounts::bigint[]), unnest(@currencies::text[]), unnest(@payment_ids::text[]),
    unnest(@refund_ids::text[]), greatest(@created_at::timestamptz, (SELECT s.until FROM ledger_seal s));

-- name: MerchantFees :many
SELECT id, fee_bps, fee_fixed FROM merchants WHERE id = ANY (@ids::uuid[]);

-- name: BalanceByAccount :many
-- The balance of each account, credits less debits: what is summed, and what has been booked since.
SELECT e.currency::text AS currency, e.account::text AS account, sum(e.amount)::bigint AS balance
FROM (
    SELECT unnest(s.currencies) AS currency, unnest(s.accounts) AS account, unnest(s.balances) AS amount
    FROM ledger_sums s WHERE s.merchant_id = @merchant_id
    UNION ALL
    SELECT t.currency, side.account, side.amount
    FROM ledger_transfers t CROSS JOIN LATERAL (VALUES (t.credit, t.amount), (t.debit, -t.amount)) AS side (account, amount)
    WHERE t.merchant_id = @merchant_id
      AND t.created_at >= coalesce((SELECT u.until FROM ledger_sums u WHERE u.merchant_id = @merchant_id), '-infinity')
) AS e
GROUP BY e.currency, e.account
ORDER BY e.currency, e.account;

-- name: TransferGet :one
SELECT * FROM ledger_transfers WHERE merchant_id = @merchant_id AND id = @id;

-- name: BalanceTransactionListPage :many
-- What moved the merchant's balance, up or down.
SELECT * FROM ledger_transfers t
WHERE t.merchant_id = @merchant_id AND (t.debit = 'balance' OR t.credit = 'balance')
  AND (sqlc.narg('kind')::text IS NULL OR t.kind = sqlc.narg('kind'))
  AND (sqlc.narg('currency')::text IS NULL OR t.currency = sqlc.narg('currency'))
  AND (sqlc.narg('payment_id')::text IS NULL OR t.payment_id = sqlc.narg('payment_id'))
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR t.created_at >= sqlc.narg('created_from'))
  AND (sqlc.narg('created_until')::timestamptz IS NULL OR t.created_at < sqlc.narg('created_until'))
  AND (sqlc.narg('before_at')::timestamptz IS NULL OR (t.created_at, t.id) < (sqlc.narg('before_at'), @before_id::text))
ORDER BY t.created_at DESC, t.id DESC
LIMIT @row_limit;

-- name: BalanceTransactionListPageUp :many
SELECT * FROM ledger_transfers t
WHERE t.merchant_id = @merchant_id AND (t.debit = 'balance' OR t.credit = 'balance')
  AND (sqlc.narg('kind')::text IS NULL OR t.kind = sqlc.narg('kind'))
  AND (sqlc.narg('currency')::text IS NULL OR t.currency = sqlc.narg('currency'))
  AND (sqlc.narg('payment_id')::text IS NULL OR t.payment_id = sqlc.narg('payment_id'))
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR t.created_at >= sqlc.narg('created_from'))
  AND (sqlc.narg('created_until')::timestamptz IS NULL OR t.created_at < sqlc.narg('created_until'))
  AND (t.created_at, t.id) > (@after_at::timestamptz, @after_id::text)
ORDER BY t.created_at, t.id
LIMIT @row_limit;
