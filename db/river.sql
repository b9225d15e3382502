-- What sqlc has to know of River's tables, which River's own migrations make. Never executed;
-- `sqlc vet` prepares the queries that use them on a migrated database, where River's own count.
CREATE TABLE river_leader (
    name       text PRIMARY KEY,
    elected_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    leader_id  text        NOT NULL
);
