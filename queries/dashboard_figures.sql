-- name: DashboardRollupDue :many
-- Merchants whose sums end before a time, with where they end: for a new one, at the quarter of its first payment.
SELECT m.id, coalesce(u.until, date_bin('15 minutes', (
    SELECT p.created_at FROM payments p WHERE p.merchant_id = m.id ORDER BY p.created_at, p.id LIMIT 1), '2000-01-01Z'::timestamptz))::timestamptz AS until
FROM merchants m
LEFT JOIN dashboard_figures_until u ON u.merchant_id = m.id
WHERE coalesce(u.until, '-infinity') < @before::timestamptz
  AND (u.until IS NOT NULL OR EXISTS (SELECT 1 FROM payments p WHERE p.merchant_id = m.id))
ORDER BY m.id;

-- name: DashboardRollupAdvance :execrows
-- Claims a span: of two processes that sum at once, one matches no row.
INSERT INTO dashboard_figures_until AS u (merchant_id, until) VALUES (@merchant_id, @until::timestamptz)
ON CONFLICT (merchant_id) DO UPDATE SET until = excluded.until WHERE u.until = @from_time::timestamptz;

-- name: DashboardRollup :exec
INSERT INTO dashboard_figures (merchant_id, quarter, metric, currency, label, count, amount)
SELECT @merchant_id::uuid, f.quarter, f.metric, f.currency, f.label, count(*), sum(f.amount)
FROM (
    SELECT date_bin('15 minutes', p.created_at, '2000-01-01Z'::timestamptz) AS quarter, 'created' AS metric, p.currency, '' AS label, p.amount
    FROM payments p WHERE p.merchant_id = @merchant_id::uuid AND p.created_at >= @from_time::timestamptz AND p.created_at < @until_time::timestamptz
    UNION ALL
    SELECT date_bin('15 minutes', t.created_at, '2000-01-01Z'::timestamptz), CASE t.kind WHEN 'capture' THEN 'captured' ELSE 'refunded' END, t.currency, '', t.amount
    FROM ledger_transfers t WHERE t.merchant_id = @merchant_id::uuid AND t.kind IN ('capture', 'refund_paid')
      AND t.created_at >= @from_time::timestamptz AND t.created_at < @until_time::timestamptz
    UNION ALL
    SELECT date_bin('15 minutes', e.created_at, '2000-01-01Z'::timestamptz), 'failed', e.body::jsonb #>> '{data,payment,currency}',
        coalesce(e.body::jsonb #>> '{data,payment,failure_code}', ''), (e.body::jsonb #>> '{data,payment,amount}')::bigint
    FROM events e WHERE e.merchant_id = @merchant_id::uuid AND e.type = 'payment.failed'
      AND e.created_at >= @from_time::timestamptz AND e.created_at < @until_time::timestamptz
) AS f
GROUP BY f.quarter, f.metric, f.currency, f.label
ON CONFLICT DO NOTHING;

-- name: DashboardFiguresUntil :one
SELECT until FROM dashboard_figures_until WHERE merchant_id = @merchant_id;

-- name: DashboardFigures :many
-- Figures by bucket of the viewer's time zone: summed quarters, and below them what is not summed yet.
SELECT date_trunc(@unit::text, f.quarter, @zone::text)::timestamptz AS bucket, f.metric, f.currency, f.label,
    sum(f.count)::bigint AS count, sum(f.amount)::bigint AS amount
FROM (
    SELECT d.quarter, d.metric, d.currency, d.label, d.count, d.amount
    FROM dashboard_figures d
    WHERE d.merchant_id = @merchant_id::uuid AND d.quarter >= @from_time::timestamptz AND d.quarter < @summed_until::timestamptz
    UNION ALL
    SELECT p.created_at, 'created', p.currency, '', 1, p.amount
    FROM payments p WHERE p.merchant_id = @merchant_id::uuid AND p.created_at >= @live_from::timestamptz AND p.created_at >= @from_time::timestamptz
    UNION ALL
    SELECT t.created_at, CASE t.kind WHEN 'capture' THEN 'captured' ELSE 'refunded' END, t.currency, '', 1, t.amount
    FROM ledger_transfers t WHERE t.merchant_id = @merchant_id::uuid AND t.kind IN ('capture', 'refund_paid')
      AND t.created_at >= @live_from::timestamptz AND t.created_at >= @from_time::timestamptz
    UNION ALL
    SELECT e.created_at, 'failed', e.body::jsonb #>> '{data,payment,currency}',
        coalesce(e.body::jsonb #>> '{data,payment,failure_code}', ''), 1, (e.body::jsonb #>> '{data,payment,amount}')::bigint
    FROM events e WHERE e.merchant_id = @merchant_id::uuid AND e.type = 'payment.failed'
      AND e.created_at >= @live_from::timestamptz AND e.created_at >= @from_time::timestamptz
) AS f
GROUP BY 1, f.metric, f.currency, f.label
ORDER BY 1, f.metric, f.currency, f.label;

-- name: DashboardWebhookHealth :many
-- Of the newest deliveries of a time only, so that the answer takes no longer when there are many.
SELECT d.status, count(*)::bigint AS count FROM (
    SELECT w.status FROM webhook_deliveries w
    WHERE w.merchant_id = @merchant_id AND w.created_at >= @from_time::timestamptz
    ORDER BY w.created_at DESC, w.id DESC LIMIT @row_limit
) AS d
GROUP BY d.status ORDER BY d.status;

-- name: DashboardEndpointHealth :many
SELECT d.endpoint_id, count(*)::bigint AS deliveries,
    count(*) FILTER (WHERE d.status IN ('retrying', 'exhausted'))::bigint AS failing
FROM (
    SELECT w.endpoint_id, w.status FROM webhook_deliveries w
    WHERE w.merchant_id = @merchant_id AND w.created_at >= @from_time::timestamptz
    ORDER BY w.created_at DESC, w.id DESC LIMIT @row_limit
) AS d
GROUP BY d.endpoint_id ORDER BY d.endpoint_id;

-- name: DashboardPulse :one
-- Changes whenever something happened that a page may show.
SELECT (coalesce((SELECT e.id FROM events e WHERE e.merchant_id = @merchant_id::uuid ORDER BY e.created_at DESC, e.id DESC LIMIT 1), '')
    || '/' || coalesce((SELECT max(d.updated_at)::text FROM (
        SELECT w.updated_at FROM webhook_deliveries w WHERE w.merchant_id = @merchant_id::uuid ORDER BY w.created_at DESC, w.id DESC LIMIT 50) AS d), ''))::text AS pulse;
