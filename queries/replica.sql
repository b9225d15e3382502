-- How far a primary and its streaming replica are, as positions in the write-ahead log in bytes, and on which of
-- its timelines: after a failover, positions of another timeline mean nothing.

-- name: PrimaryPosition :one
-- Up to here everything that was confirmed is on disk.
SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint AS position,
    left(pg_walfile_name(pg_current_wal_flush_lsn()), 8)::text AS timeline;

-- name: ReplicaPosition :one
-- Up to here everything can be read. Of the last checkpoint, the timeline is old for a while after a failover, never new.
SELECT pg_is_in_recovery() AS follows, coalesce(pg_last_wal_replay_lsn() - '0/0'::pg_lsn, 0)::bigint AS position,
    upper(lpad(to_hex(timeline_id), 8, '0'))::text AS timeline
FROM pg_control_checkpoint();
