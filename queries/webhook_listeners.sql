-- name: ListenerList :many
-- The endpoints that `paygate listen` has made and not taken away.
SELECT id FROM webhook_endpoints WHERE merchant_id = @merchant_id AND description = @description AND deleted_at IS NULL;

-- name: ListenerLock :one
-- Held by the session of the one who listens, for as long as that lives.
SELECT pg_try_advisory_lock(hashtextextended(@endpoint_id::text, 1));

-- name: ListenerUnlock :one
SELECT pg_advisory_unlock(hashtextextended(@endpoint_id::text, 1));
