-- name: DashboardMerchant :one
SELECT id, name, email, rate_limit, fee_bps, fee_fixed FROM merchants WHERE id = @id;

-- name: DashboardRateLimitSet :exec
UPDATE merchants SET rate_limit = sqlc.narg('rate_limit') WHERE id = @id;
