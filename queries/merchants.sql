-- name: MerchantUpsert :exec
INSERT INTO merchants (id, name, email, created_at)
VALUES (@id, @name, @email, @created_at)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email;

-- name: APIKeyUpsert :exec
INSERT INTO api_keys (id, merchant_id, name, secret_hash, created_at)
VALUES (@id, @merchant_id, @name, @secret_hash, @created_at)
ON CONFLICT (id) DO NOTHING;

-- name: APIKeyBySecret :one
SELECT * FROM api_keys WHERE secret_hash = @secret_hash;

-- name: APIKeyByID :one
SELECT * FROM api_keys WHERE id = @id;
