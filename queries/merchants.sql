-- name: MerchantUpsert :exec
INSERT INTO merchants (id, name, email, created_at)
VALUES (@id, @name, @email, @created_at)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email;

-- name: APIKeyUpsert :exec
INSERT INTO api_keys (id, merchant_id, name, secret_hash, created_at)
VALUES (@id, @merchant_id, @name, @secret_hash, @created_at)
ON CONFLICT (id) DO NOTHING;

-- name: APIKeyBySecret :one
SELECT sqlc.embed(k), m.rate_limit FROM api_keys k JOIN merchants m ON m.id = k.merchant_id
WHERE k.secret_hash = @secret_hash;

-- name: APIKeyByID :one
SELECT sqlc.embed(k), m.rate_limit FROM api_keys k JOIN merchants m ON m.id = k.merchant_id
WHERE k.id = @id;

-- name: APIKeyList :many
SELECT id, name, created_at, expires_at, revoked_at, last_used_at FROM api_keys WHERE merchant_id = @merchant_id ORDER BY created_at DESC, id;

-- name: APIKeyGet :one
SELECT id, name, created_at, expires_at, revoked_at FROM api_keys WHERE merchant_id = @merchant_id AND id = @id;

-- name: APIKeyInsert :exec
INSERT INTO api_keys (id, merchant_id, name, secret_hash, created_at) VALUES (@id, @merchant_id, @name, @secret_hash, @created_at);

-- name: APIKeyRevoke :execrows
UPDATE api_keys SET revoked_at = @now::timestamptz WHERE merchant_id = @merchant_id AND id = @id AND revoked_at IS NULL;

-- name: APIKeyExpire :execrows
UPDATE api_keys SET expires_at = least(expires_at, @until::timestamptz)
WHERE merchant_id = @merchant_id AND id = @id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now::timestamptz);

-- name: MerchantRateLimit :one
SELECT rate_limit FROM merchants WHERE id = @id;

-- name: APIKeyTouch :exec
-- Guarded, so that of many processes that see the key at once one writes.
UPDATE api_keys SET last_used_at = @now::timestamptz
WHERE id = @id AND (last_used_at IS NULL OR last_used_at <= @unless_since::timestamptz);
