-- name: GatewaySecretOffer :exec
-- The first offer stays: processes that start together agree on one.
INSERT INTO gateway_secrets (name, sealed, created_at) VALUES (@name, @sealed, @created_at)
ON CONFLICT (name) DO NOTHING;

-- name: GatewaySecretGet :one
SELECT sealed FROM gateway_secrets WHERE name = @name;
