-- What is sealed with the operator's key, for sealing it again with a new one. Each statement that changes a row names what it was
-- read as: who changed it meanwhile has sealed it with the new key already.

-- name: SealedWebhookSecrets :many
SELECT id, endpoint_id, sealed FROM webhook_secrets ORDER BY id;

-- name: SealedWebhookSecretReplace :execrows
UPDATE webhook_secrets SET sealed = @sealed WHERE id = @id AND sealed = @before;

-- name: SealedWebhookHeaders :many
SELECT id, headers FROM webhook_endpoints WHERE headers IS NOT NULL ORDER BY id;

-- name: SealedWebhookHeadersReplace :execrows
UPDATE webhook_endpoints SET headers = @headers WHERE id = @id AND headers = @before;

-- name: SealedGatewaySecrets :many
SELECT name, sealed FROM gateway_secrets ORDER BY name;

-- name: SealedGatewaySecretReplace :execrows
UPDATE gateway_secrets SET sealed = @sealed WHERE name = @name AND sealed = @before;

-- name: SealedCheckoutSecrets :many
SELECT merchant_id, sealed, next_sealed FROM checkout_secrets ORDER BY merchant_id;

-- name: SealedCheckoutSecretReplace :execrows
-- Whichever of the two it is.
UPDATE checkout_secrets SET
    sealed = CASE WHEN sealed = @before::bytea THEN @fresh::bytea ELSE sealed END,
    next_sealed = CASE WHEN next_sealed = @before THEN @fresh ELSE next_sealed END
WHERE merchant_id = @merchant_id AND (sealed = @before OR next_sealed = @before);
