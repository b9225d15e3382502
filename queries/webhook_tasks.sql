-- name: TaskInsert :one
INSERT INTO webhook_tasks (id, merchant_id, kind, status, endpoint_id, payment_id, event_type, delivery_status,
    created_from, created_until, created_at, updated_at)
VALUES (@id, @merchant_id, @kind, 'running', @endpoint_id, @payment_id, @event_type, @delivery_status,
    @created_from, @created_until, @now, @now)
RETURNING *;

-- name: TaskGet :one
SELECT * FROM webhook_tasks WHERE merchant_id = @merchant_id AND id = @id;

-- name: TaskLock :one
SELECT * FROM webhook_tasks WHERE id = @id FOR UPDATE;

-- name: TaskAdvance :exec
UPDATE webhook_tasks SET status = @status, position = @position, total = @total, enqueued = @enqueued, updated_at = @now::timestamptz
WHERE id = @id;

-- name: DeliveryResendCount :one
SELECT count(*)::integer FROM webhook_deliveries d
JOIN webhook_endpoints w ON w.id = d.endpoint_id AND w.deleted_at IS NULL
WHERE d.merchant_id = @merchant_id
  AND d.status IN ('retrying', 'delivered', 'exhausted')
  AND (sqlc.narg('status')::text IS NULL OR d.status = sqlc.narg('status'))
  AND (sqlc.narg('event_type')::text IS NULL OR d.event_type = sqlc.narg('event_type'))
  AND (sqlc.narg('endpoint_id')::text IS NULL OR d.endpoint_id = sqlc.narg('endpoint_id'))
  AND (sqlc.narg('payment_id')::text IS NULL OR d.payment_id = sqlc.narg('payment_id'))
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR d.created_at >= sqlc.narg('created_from'))
  AND d.created_at < @created_until::timestamptz;

-- name: DeliveryResendMany :many
-- Parks the next deliveries that a filter asks for, to be sent again. The step goes one back, so that
-- the attempt to come uses up nothing of the schedule.
WITH chosen AS (
    SELECT d.id, w.status AS endpoint_status FROM webhook_deliveries d
    JOIN webhook_endpoints w ON w.id = d.endpoint_id AND w.deleted_at IS NULL
    WHERE d.merchant_id = @merchant_id AND d.id > @after_id::text
      AND d.status IN ('retrying', 'delivered', 'exhausted')
      AND (sqlc.narg('status')::text IS NULL OR d.status = sqlc.narg('status'))
      AND (sqlc.narg('event_type')::text IS NULL OR d.event_type = sqlc.narg('event_type'))
      AND (sqlc.narg('endpoint_id')::text IS NULL OR d.endpoint_id = sqlc.narg('endpoint_id'))
      AND (sqlc.narg('payment_id')::text IS NULL OR d.payment_id = sqlc.narg('payment_id'))
      AND (sqlc.narg('created_from')::timestamptz IS NULL OR d.created_at >= sqlc.narg('created_from'))
      AND d.created_at < @created_until::timestamptz
    ORDER BY d.id
    LIMIT @row_limit
    FOR UPDATE OF d
)
UPDATE webhook_deliveries d SET
    status          = CASE WHEN c.endpoint_status = 'disabled' THEN 'paused' ELSE 'retrying' END,
    next_attempt_at = CASE WHEN c.endpoint_status = 'disabled' THEN NULL ELSE @now::timestamptz END,
    parked          = true,
    claimed_until   = NULL,
    resent          = true,
    step            = CASE WHEN d.parked THEN d.step ELSE greatest(d.step - 1, 0) END,
    updated_at      = @now::timestamptz
FROM chosen c
WHERE d.id = c.id
RETURNING d.id, d.endpoint_id, c.endpoint_status;

-- name: EventMissedCount :one
SELECT count(*)::integer FROM events e
WHERE e.merchant_id = @merchant_id
  AND (sqlc.narg('event_type')::text IS NULL OR e.type = sqlc.narg('event_type'))
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR e.created_at >= sqlc.narg('created_from'))
  AND e.created_at < @created_until::timestamptz
  AND e.type NOT IN ('webhook.test', 'endpoint.disabled')
  AND EXISTS (SELECT 1 FROM unnest(@patterns::text[]) AS pattern WHERE e.type = pattern OR right(pattern, 1) = '*' AND starts_with(e.type, left(pattern, -1)))
  AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = e.id AND d.endpoint_id = @endpoint_id::text);

-- name: EventMissed :many
-- The next events that an endpoint subscribes to and has no delivery of. Those about one endpoint
-- alone are of no use to another.
SELECT e.id, e.type, e.payment_id FROM events e
WHERE e.merchant_id = @merchant_id AND e.id > @after_id::text
  AND (sqlc.narg('event_type')::text IS NULL OR e.type = sqlc.narg('event_type'))
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR e.created_at >= sqlc.narg('created_from'))
  AND e.created_at < @created_until::timestamptz
  AND e.type NOT IN ('webhook.test', 'endpoint.disabled')
  AND EXISTS (SELECT 1 FROM unnest(@patterns::text[]) AS pattern WHERE e.type = pattern OR right(pattern, 1) = '*' AND starts_with(e.type, left(pattern, -1)))
  AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = e.id AND d.endpoint_id = @endpoint_id::text)
ORDER BY e.id
LIMIT @row_limit;

-- name: DeliveryInsertParked :exec
-- Deliveries of past events, parked, so that draining the endpoint sends them without a job for each.
INSERT INTO webhook_deliveries (id, merchant_id, endpoint_id, event_id, event_type, payment_id, status, parked, next_attempt_at, created_at, updated_at)
SELECT u.id, @merchant_id::uuid, @endpoint_id::text, u.event_id, u.event_type, nullif(u.payment_id, ''),
    @status::text, true, CASE WHEN @status = 'pending' THEN @now::timestamptz END, @now::timestamptz, @now::timestamptz
FROM (SELECT
    unnest(@ids::text[]) AS id, unnest(@event_ids::text[]) AS event_id, unnest(@event_types::text[]) AS event_type,
    unnest(@payment_ids::text[]) AS payment_id
) AS u;

-- name: DeliveryOfEvent :one
SELECT * FROM webhook_deliveries WHERE event_id = @event_id AND endpoint_id = @endpoint_id;
