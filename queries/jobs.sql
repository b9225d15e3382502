-- name: JobInsertMany :exec
-- Jobs as River's own JobInsertFastMany makes them, without tags and uniqueness.
INSERT INTO river_job (args, created_at, kind, max_attempts, metadata, priority, queue, scheduled_at, state)
SELECT unnest(@args::text[])::jsonb, unnest(@created_ats::timestamptz[]), unnest(@kinds::text[]), unnest(@max_attempts::smallint[]),
    unnest(@metadatas::text[])::jsonb, unnest(@priorities::smallint[]), unnest(@queues::text[]), unnest(@scheduled_ats::timestamptz[]),
    unnest(@states::text[])::river_job_state;
