-- name: HistoryForget :exec
-- Notes that what is older than a time may be gone from now on. The time only moves forward, whatever the
-- retention is set to.
INSERT INTO webhook_history (forgotten_before) VALUES (@before)
ON CONFLICT (single) DO UPDATE SET forgotten_before = greatest(webhook_history.forgotten_before, excluded.forgotten_before);

-- name: DeliveryExpire :many
-- The oldest deliveries that are at rest, with their attempts: ids sort by time, so they lie side by
-- side in the table and in its indexes, and whole pages become free for what comes.
WITH old AS (
    SELECT d.id FROM webhook_deliveries d
    WHERE d.id < @before_id::text AND d.id > @after_id::text AND d.status IN ('delivered', 'exhausted')
    ORDER BY d.id
    LIMIT @row_limit
    FOR UPDATE SKIP LOCKED
), attempts AS (
    DELETE FROM webhook_attempts a USING old WHERE a.delivery_id = old.id
)
DELETE FROM webhook_deliveries d USING old WHERE d.id = old.id
RETURNING d.id;

-- name: EventExpire :many
-- The oldest events that no delivery needs any more.
WITH old AS (
    SELECT e.id FROM events e
    WHERE e.id < @before_id::text AND e.id > @after_id::text
      AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = e.id)
    ORDER BY e.id
    LIMIT @row_limit
    FOR UPDATE SKIP LOCKED
)
DELETE FROM events e USING old WHERE e.id = old.id
RETURNING e.id;

-- name: TaskExpire :exec
DELETE FROM webhook_tasks WHERE id < @before_id::text AND status = 'done';
