-- name: DeliveryInsertMany :exec
INSERT INTO webhook_deliveries (id, merchant_id, endpoint_id, event_id, event_type, payment_id, status, parked, next_attempt_at, created_at, updated_at)
SELECT u.id, u.merchant_id, u.endpoint_id, u.event_id, u.event_type, nullif(u.payment_id, ''), u.status, u.status = 'paused',
    CASE WHEN u.status = 'pending' THEN u.created_at END, u.created_at, u.created_at
FROM (SELECT
    unnest(@ids::text[]) AS id, unnest(@merchant_ids::uuid[]) AS merchant_id,
    unnest(@endpoint_ids::text[]) AS endpoint_id, unnest(@event_ids::text[]) AS event_id,
    unnest(@event_types::text[]) AS event_type, unnest(@payment_ids::text[]) AS payment_id,
    unnest(@statuses::text[]) AS status, unnest(@created_ats::timestamptz[]) AS created_at
) AS u;

-- name: DeliveryForAttemptMany :many
-- Everything that attempts need but the secrets, which many of them share.
SELECT sqlc.embed(d), w.url, w.headers, w.rate_limit, w.failing_since AS endpoint_failing_since,
    w.status AS endpoint_status, w.deleted_at AS endpoint_deleted_at, e.body, e.traceparent
FROM webhook_deliveries d
JOIN webhook_endpoints w ON w.id = d.endpoint_id
JOIN events e ON e.id = d.event_id
WHERE d.id = ANY (@ids::text[]);

-- name: DeliveryLockMany :many
SELECT * FROM webhook_deliveries WHERE id = ANY (@ids::text[]) ORDER BY id FOR UPDATE;

-- name: DeliveryRecordMany :exec
UPDATE webhook_deliveries d SET
    status          = u.status,
    parked          = u.parked,
    claimed_until   = CASE WHEN u.parked AND u.status <> 'paused' THEN d.claimed_until END,
    resent          = d.resent AND u.parked,
    step            = u.step,
    attempt_count   = u.attempt_count,
    response_code   = nullif(u.response_code, 0),
    next_attempt_at = CASE WHEN u.status IN ('pending', 'retrying') THEN u.next_attempt_at END,
    last_attempt_at = u.last_attempt_at,
    updated_at      = u.last_attempt_at
FROM (SELECT
    unnest(@ids::text[]) AS id, unnest(@statuses::text[]) AS status, unnest(@parkeds::boolean[]) AS parked, unnest(@steps::smallint[]) AS step,
    unnest(@attempt_counts::integer[]) AS attempt_count, unnest(@response_codes::smallint[]) AS response_code,
    unnest(@next_attempt_ats::timestamptz[]) AS next_attempt_at,
    unnest(@last_attempt_ats::timestamptz[]) AS last_attempt_at
) AS u
WHERE d.id = u.id;

-- name: AttemptInsertMany :exec
INSERT INTO webhook_attempts (delivery_id, number, merchant_id, trigger, outcome, response_code, error_class, error, response_body,
    response_headers, signature, body_signature, dns_ms, connect_ms, tls_ms, first_byte_ms, duration_ms, started_at)
SELECT u.delivery_id, u.number, u.merchant_id, u.trigger, u.outcome, nullif(u.response_code, 0), nullif(u.error_class, ''),
    nullif(u.error, ''), CASE WHEN u.response_code = 0 THEN NULL ELSE u.response_body END,
    nullif(u.response_headers, ''), u.signature, u.body_signature,
    nullif(u.dns_ms, -1), nullif(u.connect_ms, -1), nullif(u.tls_ms, -1), nullif(u.first_byte_ms, -1), u.duration_ms, u.started_at
FROM (SELECT
    unnest(@delivery_ids::text[]) AS delivery_id, unnest(@numbers::integer[]) AS number,
    unnest(@merchant_ids::uuid[]) AS merchant_id, unnest(@triggers::text[]) AS trigger,
    unnest(@outcomes::text[]) AS outcome, unnest(@response_codes::smallint[]) AS response_code,
    unnest(@error_classes::text[]) AS error_class, unnest(@errors::text[]) AS error,
    unnest(@response_bodies::text[]) AS response_body, unnest(@response_headers::text[]) AS response_headers,
    unnest(@signatures::text[]) AS signature, unnest(@body_signatures::text[]) AS body_signature,
    unnest(@dns_ms::integer[]) AS dns_ms, unnest(@connect_ms::integer[]) AS connect_ms,
    unnest(@tls_ms::integer[]) AS tls_ms, unnest(@first_byte_ms::integer[]) AS first_byte_ms, unnest(@durations_ms::integer[]) AS duration_ms,
    unnest(@started_ats::timestamptz[]) AS started_at
) AS u;

-- name: DeliveryGet :one
SELECT sqlc.embed(d), w.url, w.status AS endpoint_status, w.deleted_at AS endpoint_deleted_at, e.body, e.traceparent
FROM webhook_deliveries d
JOIN webhook_endpoints w ON w.id = d.endpoint_id
JOIN events e ON e.id = d.event_id
WHERE d.merchant_id = @merchant_id AND d.id = @id;

-- name: AttemptList :many
SELECT * FROM webhook_attempts WHERE merchant_id = @merchant_id AND delivery_id = @delivery_id ORDER BY number;

-- name: DeliveryListPage :many
SELECT * FROM webhook_deliveries d
WHERE d.merchant_id = @merchant_id
  AND (sqlc.narg('status')::text IS NULL OR d.status = sqlc.narg('status'))
  AND (sqlc.narg('event_type')::text IS NULL OR d.event_type = sqlc.narg('event_type'))
  AND (sqlc.narg('endpoint_id')::text IS NULL OR d.endpoint_id = sqlc.narg('endpoint_id'))
  AND (sqlc.narg('payment_id')::text IS NULL OR d.payment_id = sqlc.narg('payment_id'))
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR d.created_at >= sqlc.narg('created_from'))
  AND (sqlc.narg('created_until')::timestamptz IS NULL OR d.created_at < sqlc.narg('created_until'))
  AND (sqlc.narg('before_at')::timestamptz IS NULL OR (d.created_at, d.id) < (sqlc.narg('before_at'), @before_id::text))
ORDER BY d.created_at DESC, d.id DESC
LIMIT @row_limit;

-- name: DeliveryListPageUp :many
SELECT * FROM webhook_deliveries d
WHERE d.merchant_id = @merchant_id
  AND (sqlc.narg('status')::text IS NULL OR d.status = sqlc.narg('status'))
  AND (sqlc.narg('event_type')::text IS NULL OR d.event_type = sqlc.narg('event_type'))
  AND (sqlc.narg('endpoint_id')::text IS NULL OR d.endpoint_id = sqlc.narg('endpoint_id'))
  AND (sqlc.narg('payment_id')::text IS NULL OR d.payment_id = sqlc.narg('payment_id'))
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR d.created_at >= sqlc.narg('created_from'))
  AND (sqlc.narg('created_until')::timestamptz IS NULL OR d.created_at < sqlc.narg('created_until'))
  AND (d.created_at, d.id) > (@after_at::timestamptz, @after_id::text)
ORDER BY d.created_at, d.id
LIMIT @row_limit;

-- name: DeliveryResume :execrows
-- Paused deliveries wait again, parked: draining the endpoint sends them.
UPDATE webhook_deliveries
SET status = CASE WHEN attempt_count = 0 THEN 'pending' ELSE 'retrying' END, next_attempt_at = @now::timestamptz, updated_at = @now::timestamptz
WHERE endpoint_id = @endpoint_id AND parked AND status = 'paused';

-- name: DeliveryParkMany :exec
UPDATE webhook_deliveries d SET parked = true, claimed_until = NULL
FROM (SELECT unnest(@ids::text[]) AS id, unnest(@steps::smallint[]) AS step) AS u
WHERE d.id = u.id AND d.step = u.step AND d.status IN ('pending', 'retrying');

-- name: DeliveryClaim :many
-- The parked deliveries of one endpoint that are due, oldest first, for whoever has places for them.
UPDATE webhook_deliveries d SET claimed_until = @until::timestamptz
WHERE d.id IN (
    SELECT c.id FROM webhook_deliveries c
    WHERE c.endpoint_id = @endpoint_id AND c.parked AND c.status <> 'paused'
      AND c.next_attempt_at <= @now::timestamptz AND (c.claimed_until IS NULL OR c.claimed_until <= @now::timestamptz)
    ORDER BY c.id
    LIMIT @row_limit
    FOR UPDATE SKIP LOCKED
)
RETURNING d.id, d.step;

-- name: EndpointWithParked :many
-- Endpoints with deliveries that nobody has claimed: a worker died, or the endpoint was enabled
-- in the moment in which they were paused.
SELECT DISTINCT d.endpoint_id FROM webhook_deliveries d
JOIN webhook_endpoints w ON w.id = d.endpoint_id
WHERE d.parked AND (d.claimed_until IS NULL OR d.claimed_until <= @now::timestamptz)
  AND w.status = 'enabled' AND w.deleted_at IS NULL;

-- name: DeliveryPause :exec
UPDATE webhook_deliveries SET status = 'paused', parked = true, claimed_until = NULL, next_attempt_at = NULL, updated_at = @now::timestamptz
WHERE id = @id AND step = @step AND status IN ('pending', 'retrying');

-- name: DeliveryAbandon :exec
UPDATE webhook_deliveries SET status = 'exhausted', parked = false, claimed_until = NULL, next_attempt_at = NULL, updated_at = @now::timestamptz
WHERE id = @id AND step = @step AND status IN ('pending', 'retrying');

-- name: DeliveryAbandonParked :exec
-- What waits for an endpoint that is being deleted will never be sent.
UPDATE webhook_deliveries SET status = 'exhausted', parked = false, claimed_until = NULL, next_attempt_at = NULL, updated_at = @now::timestamptz
WHERE endpoint_id = @endpoint_id AND parked;

-- name: DeliveryAbandonOrphans :exec
-- The same for what was parked by a transaction that did not see the deletion yet.
UPDATE webhook_deliveries d SET status = 'exhausted', parked = false, claimed_until = NULL, next_attempt_at = NULL, updated_at = @now::timestamptz
FROM webhook_endpoints w
WHERE w.id = d.endpoint_id AND w.deleted_at IS NOT NULL AND d.parked;
