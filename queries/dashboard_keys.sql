-- name: DashboardKeyList :many
SELECT id, name, created_at, expires_at, revoked_at, last_used_at FROM api_keys WHERE merchant_id = @merchant_id ORDER BY created_at DESC, id;

-- name: DashboardKeyGet :one
SELECT id, name, created_at, expires_at, revoked_at FROM api_keys WHERE merchant_id = @merchant_id AND id = @id;

-- name: DashboardKeyInsert :exec
INSERT INTO api_keys (id, merchant_id, name, secret_hash, created_at) VALUES (@id, @merchant_id, @name, @secret_hash, @created_at);

-- name: DashboardKeyRevoke :execrows
UPDATE api_keys SET revoked_at = @now::timestamptz WHERE merchant_id = @merchant_id AND id = @id AND revoked_at IS NULL;

-- name: DashboardKeyExpire :execrows
UPDATE api_keys SET expires_at = least(expires_at, @until::timestamptz)
WHERE merchant_id = @merchant_id AND id = @id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now::timestamptz);
