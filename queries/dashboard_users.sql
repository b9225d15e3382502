-- name: DashboardUserInsert :exec
INSERT INTO dashboard_users (id, merchant_id, email, role, operator, password_hash, created_at, updated_at)
VALUES (@id, @merchant_id, @email, @role, @operator, @password_hash, @now::timestamptz, @now::timestamptz);

-- name: DashboardUserByEmail :one
SELECT * FROM dashboard_users WHERE email = @email;

-- name: DashboardUserList :many
SELECT id, email, role, operator, created_at FROM dashboard_users WHERE merchant_id = @merchant_id ORDER BY email;

-- name: DashboardUserListAll :many
SELECT u.email, u.role, u.operator, u.created_at, m.email AS merchant_email
FROM dashboard_users u JOIN merchants m ON m.id = u.merchant_id
ORDER BY m.email, u.email;

-- name: DashboardUserSetPassword :execrows
UPDATE dashboard_users SET password_hash = @password_hash, updated_at = @now::timestamptz WHERE id = @id;

-- name: DashboardUserSetRole :execrows
UPDATE dashboard_users SET role = @role, updated_at = @now::timestamptz WHERE merchant_id = @merchant_id AND id = @id;

-- name: DashboardUserDelete :execrows
DELETE FROM dashboard_users WHERE merchant_id = @merchant_id AND id = @id;

-- name: DashboardOwnerLock :many
-- Locked, so that two owners who remove each other at once leave one.
SELECT id FROM dashboard_users WHERE merchant_id = @merchant_id AND role = 'owner' ORDER BY id FOR UPDATE;

-- name: DashboardMerchantByEmail :one
SELECT id, name FROM merchants WHERE email = @email ORDER BY created_at, id LIMIT 1;

-- name: DashboardSessionInsert :exec
INSERT INTO dashboard_sessions (token_hash, user_id, created_at, last_seen_at, expires_at)
VALUES (@token_hash, @user_id, @now::timestamptz, @now::timestamptz, @expires_at);

-- name: DashboardSessionGet :one
SELECT s.last_seen_at, u.id AS user_id, u.merchant_id, u.email, u.role, u.operator, m.name AS merchant_name
FROM dashboard_sessions s
JOIN dashboard_users u ON u.id = s.user_id
JOIN merchants m ON m.id = u.merchant_id
WHERE s.token_hash = @token_hash AND s.expires_at > @now::timestamptz AND s.last_seen_at > @idle_since::timestamptz;

-- name: DashboardSessionTouch :exec
UPDATE dashboard_sessions SET last_seen_at = @now::timestamptz WHERE token_hash = @token_hash;

-- name: DashboardSessionDelete :exec
DELETE FROM dashboard_sessions WHERE token_hash = @token_hash;

-- name: DashboardSessionDeleteOfUser :exec
DELETE FROM dashboard_sessions WHERE user_id = @user_id;

-- name: DashboardSessionExpire :exec
DELETE FROM dashboard_sessions WHERE expires_at <= @now::timestamptz;

-- name: DashboardAttemptClaim :one
-- Counts an attempt before it is made, so that many at once are no more than the bound allows.
INSERT INTO dashboard_sign_in_failures AS f (bucket, failures, since) VALUES (@bucket, 1, @now::timestamptz)
ON CONFLICT (bucket) DO UPDATE SET
    failures = CASE WHEN f.since > @window_since::timestamptz THEN f.failures + 1 ELSE 1 END,
    since    = CASE WHEN f.since > @window_since::timestamptz THEN f.since ELSE @now::timestamptz END
RETURNING failures, since;

-- name: DashboardAttemptForgive :exec
-- Takes back an attempt that was right after all; with everything, the failures before it too.
UPDATE dashboard_sign_in_failures SET failures = CASE WHEN @everything::boolean THEN 0 ELSE greatest(failures - 1, 0) END
WHERE bucket = @bucket;

-- name: DashboardAttemptExpire :exec
DELETE FROM dashboard_sign_in_failures WHERE since <= @since::timestamptz;

-- name: DashboardAuditInsert :exec
INSERT INTO dashboard_audit (merchant_id, actor, action, target, address, created_at)
VALUES (@merchant_id, @actor, @action, @target, @address, @created_at);

-- name: DashboardAuditList :many
SELECT id, actor, action, target, address, created_at FROM dashboard_audit
WHERE merchant_id = @merchant_id AND (sqlc.narg('before')::bigint IS NULL OR id < sqlc.narg('before'))
ORDER BY id DESC LIMIT @row_limit;
