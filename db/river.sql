-- What sqlc has to know of River's tables, which River's own migrations make. Never executed;
-- `sqlc vet` prepares the queries that use them on a migrated database, where River's own count.
CREATE TABLE river_leader (
    name       text PRIMARY KEY,
    elected_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    leader_id  text        NOT NULL
);

CREATE TYPE river_job_state AS ENUM
    ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled');

CREATE TABLE river_job (
    id           bigserial PRIMARY KEY,
    args         jsonb           NOT NULL DEFAULT '{}',
    attempt      smallint        NOT NULL DEFAULT 0,
    attempted_at timestamptz,
    created_at   timestamptz     NOT NULL DEFAULT now(),
    finalized_at timestamptz,
    kind         text            NOT NULL,
    max_attempts smallint        NOT NULL,
    metadata     jsonb           NOT NULL DEFAULT '{}',
    priority     smallint        NOT NULL DEFAULT 1,
    queue        text            NOT NULL,
    scheduled_at timestamptz     NOT NULL DEFAULT now(),
    state        river_job_state NOT NULL DEFAULT 'available'
);
