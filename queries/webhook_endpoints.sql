-- name: EndpointInsert :exec
INSERT INTO webhook_endpoints (id, merchant_id, url, description, event_types, headers, header_names, rate_limit, status, created_at, updated_at)
VALUES (@id, @merchant_id, @url, @description, @event_types, @headers, @header_names, @rate_limit, 'enabled', @created_at, @created_at);

-- name: EndpointSeed :execrows
INSERT INTO webhook_endpoints (id, merchant_id, url, description, event_types, status, created_at, updated_at)
VALUES (@id, @merchant_id, @url, @description, @event_types, 'enabled', @created_at, @created_at)
ON CONFLICT (id) DO NOTHING;

-- name: EndpointGet :one
SELECT * FROM webhook_endpoints WHERE merchant_id = @merchant_id AND id = @id AND deleted_at IS NULL;

-- name: EndpointListPage :many
SELECT * FROM webhook_endpoints w
WHERE w.merchant_id = @merchant_id AND w.deleted_at IS NULL
  AND (sqlc.narg('before_at')::timestamptz IS NULL OR (w.created_at, w.id) < (sqlc.narg('before_at'), @before_id::text))
ORDER BY w.created_at DESC, w.id DESC
LIMIT @row_limit;

-- name: EndpointListPageUp :many
SELECT * FROM webhook_endpoints w
WHERE w.merchant_id = @merchant_id AND w.deleted_at IS NULL
  AND (w.created_at, w.id) > (@after_at::timestamptz, @after_id::text)
ORDER BY w.created_at, w.id
LIMIT @row_limit;

-- name: EndpointUpdate :one
UPDATE webhook_endpoints SET
    url             = coalesce(sqlc.narg('url'), url),
    description     = CASE WHEN @description_do_update::boolean THEN sqlc.narg('description') ELSE description END,
    event_types     = CASE WHEN @event_types_do_update::boolean THEN @event_types::text[] ELSE event_types END,
    headers         = CASE WHEN @headers_do_update::boolean THEN @headers ELSE headers END,
    header_names    = CASE WHEN @headers_do_update::boolean THEN @header_names::text[] ELSE header_names END,
    rate_limit      = CASE WHEN @rate_limit_do_update::boolean THEN sqlc.narg('rate_limit') ELSE rate_limit END,
    failing_since   = CASE WHEN sqlc.narg('status')::text = 'enabled' THEN NULL ELSE failing_since END,
    status          = coalesce(sqlc.narg('status'), status),
    disabled_reason = CASE WHEN sqlc.narg('status')::text IS NULL THEN disabled_reason ELSE sqlc.narg('disabled_reason') END,
    updated_at      = @now::timestamptz
WHERE merchant_id = @merchant_id AND id = @id AND deleted_at IS NULL
RETURNING *;

-- name: EndpointDelete :execrows
UPDATE webhook_endpoints SET deleted_at = @now::timestamptz, updated_at = @now::timestamptz
WHERE merchant_id = @merchant_id AND id = @id AND deleted_at IS NULL;

-- name: EndpointDisableMany :many
UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = @reason::text, updated_at = @now::timestamptz
WHERE id = ANY (@ids::text[]) AND status = 'enabled'
RETURNING *;

-- name: EndpointFailing :many
-- Notes since when endpoints fail, and returns those that have failed since a time. Most calls find
-- it noted already and write nothing.
WITH begun AS (
    UPDATE webhook_endpoints w SET failing_since = @now::timestamptz
    WHERE w.id = ANY (@ids::text[]) AND w.failing_since IS NULL
)
SELECT w.id FROM webhook_endpoints w
WHERE w.id = ANY (@ids::text[]) AND w.status = 'enabled' AND w.failing_since <= @since::timestamptz;

-- name: EndpointRecovered :exec
UPDATE webhook_endpoints SET failing_since = NULL
WHERE id = ANY (@ids::text[]) AND failing_since IS NOT NULL;

-- name: EndpointLock :one
SELECT * FROM webhook_endpoints WHERE merchant_id = @merchant_id AND id = @id AND deleted_at IS NULL FOR UPDATE;

-- name: EndpointSubscribers :many
-- Disabled endpoints too: their deliveries are made and wait.
SELECT id, merchant_id, event_types, status FROM webhook_endpoints
WHERE merchant_id = ANY (@merchant_ids::uuid[]) AND deleted_at IS NULL;

-- name: EndpointAssumeSubscribers :exec
-- That EndpointSubscribers would find these, and no others.
SELECT assume(count(*) = cardinality(@ids::text[]) AND count(u.id) = count(*))
FROM webhook_endpoints e
LEFT JOIN (SELECT
    unnest(@ids::text[]) AS id, unnest(@event_types::text[]) AS event_types, unnest(@statuses::text[]) AS status
) AS u ON u.id = e.id AND u.event_types = array_to_string(e.event_types, ' ') AND u.status = e.status
WHERE e.merchant_id = ANY (@merchant_ids::uuid[]) AND e.deleted_at IS NULL;

-- name: SecretInsert :exec
INSERT INTO webhook_secrets (merchant_id, endpoint_id, sealed, created_at)
VALUES (@merchant_id, @endpoint_id, @sealed, @created_at);

-- name: SecretLiveMany :many
-- Newest first: it signs X-Webhook-Signature.
SELECT endpoint_id, sealed FROM webhook_secrets
WHERE endpoint_id = ANY (@endpoint_ids::text[]) AND (expires_at IS NULL OR expires_at > @now::timestamptz)
ORDER BY id DESC;

-- name: SecretReveal :many
SELECT sealed, created_at, expires_at FROM webhook_secrets
WHERE merchant_id = @merchant_id AND endpoint_id = @endpoint_id AND (expires_at IS NULL OR expires_at > @now::timestamptz)
ORDER BY id DESC;

-- name: SecretExpire :exec
-- Lets the live secrets of an endpoint sign until a time, all but the newest of them until now.
UPDATE webhook_secrets s SET expires_at = least(s.expires_at, CASE WHEN s.id IN (
        SELECT n.id FROM webhook_secrets n
        WHERE n.endpoint_id = @endpoint_id AND (n.expires_at IS NULL OR n.expires_at > @now::timestamptz)
        ORDER BY n.id DESC LIMIT @kept
    ) THEN @until::timestamptz ELSE @now::timestamptz END)
WHERE s.merchant_id = @merchant_id AND s.endpoint_id = @endpoint_id AND (s.expires_at IS NULL OR s.expires_at > @now::timestamptz);
