-- name: WorkersAlive :one
-- Some worker holds the leadership that each tries to get: River renews it every few seconds.
SELECT EXISTS (SELECT 1 FROM river_leader WHERE expires_at > now()) AS alive;
