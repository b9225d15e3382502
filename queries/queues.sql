-- name: QueueStats :many
-- What waits in River's queues, but for what is done with. due_at is when the first of them was due.
SELECT queue, state::text AS state, count(*) AS jobs, min(scheduled_at)::timestamptz AS due_at FROM river_job
WHERE state IN ('available', 'discarded', 'retryable', 'running', 'scheduled')
GROUP BY queue, state;
