-- Sums of the ledger that are kept, so that a balance is told without adding up all of it.

-- name: LedgerSeal :one
-- Nothing is booked before the time that this returns, once the transactions that LedgerWriters lists are over. Of two
-- clocks the slower one counts: a time to come would be the time of everything until it has come. It lies back by so much
-- that what is booked keeps its own time; nothing else depends on that.
INSERT INTO ledger_seal AS s (until) VALUES (least(@now::timestamptz, now()) - interval '30 seconds')
ON CONFLICT (id) DO UPDATE SET until = greatest(s.until, excluded.until)
RETURNING s.until;

-- name: LedgerWriters :many
-- The transactions that have booked, or are about to. A statement takes this lock before it looks at any row, so one
-- that is not listed now, and books after all, sees what is committed now.
SELECT DISTINCT l.virtualtransaction::text AS writer FROM pg_catalog.pg_locks l
WHERE l.locktype = 'relation' AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
  AND l.relation = 'ledger_transfers'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted
ORDER BY writer;

-- name: LedgerSumsDue :many
-- Merchants of whom more transfers than these are not summed yet. What is less is soon added up when somebody asks.
SELECT m.id FROM merchants m
WHERE EXISTS (
    SELECT 1 FROM ledger_transfers t
    WHERE t.merchant_id = m.id AND t.created_at < @until::timestamptz
      AND t.created_at >= coalesce((SELECT s.until FROM ledger_sums s WHERE s.merchant_id = m.id), '-infinity')
    ORDER BY t.created_at, t.id LIMIT 1 OFFSET @transfers::bigint)
ORDER BY m.id;

-- name: LedgerSumsStep :one
-- Where a step over so many transfers ends: between two that differ in time, at the seal at the latest.
SELECT coalesce((
    SELECT n.created_at FROM ledger_transfers n
    WHERE n.merchant_id = @merchant_id::uuid AND n.created_at < @until::timestamptz AND n.created_at > (
        SELECT t.created_at FROM ledger_transfers t
        WHERE t.merchant_id = @merchant_id::uuid AND t.created_at < @until::timestamptz
          AND t.created_at >= coalesce((SELECT s.until FROM ledger_sums s WHERE s.merchant_id = @merchant_id::uuid), '-infinity')
        ORDER BY t.created_at, t.id LIMIT 1 OFFSET @transfers::bigint)
    ORDER BY n.created_at, n.id LIMIT 1), @until::timestamptz)::timestamptz AS until;

-- name: LedgerSumsAdvance :execrows
-- Adds what was booked from the end of a merchant's sums to a time. Of two processes that do this at once, one changes nothing.
INSERT INTO ledger_sums AS kept (merchant_id, until, currencies, accounts, balances)
SELECT @merchant_id::uuid, @until::timestamptz, array_agg(b.currency), array_agg(b.account), array_agg(b.balance)
FROM (
    SELECT e.currency, e.account, sum(e.amount)::bigint AS balance
    FROM (
        SELECT unnest(s.currencies) AS currency, unnest(s.accounts) AS account, unnest(s.balances) AS amount
        FROM ledger_sums s WHERE s.merchant_id = @merchant_id::uuid
        UNION ALL
        SELECT t.currency, side.account, side.amount
        FROM ledger_transfers t CROSS JOIN LATERAL (VALUES (t.credit, t.amount), (t.debit, -t.amount)) AS side (account, amount)
        WHERE t.merchant_id = @merchant_id::uuid AND t.created_at < @until::timestamptz
          AND t.created_at >= coalesce((SELECT u.until FROM ledger_sums u WHERE u.merchant_id = @merchant_id::uuid), '-infinity')
    ) AS e
    GROUP BY e.currency, e.account
    ORDER BY e.currency, e.account
) AS b
HAVING count(*) > 0
ON CONFLICT (merchant_id) DO UPDATE
SET until = excluded.until, currencies = excluded.currencies, accounts = excluded.accounts, balances = excluded.balances
WHERE kept.until = (SELECT w.until FROM ledger_sums w WHERE w.merchant_id = @merchant_id::uuid) AND kept.until < excluded.until;
