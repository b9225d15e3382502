-- +goose Up
SET LOCAL lock_timeout = '5s';

-- headers is the sealed JSON object of the headers that go with every delivery: they may hold
-- credentials. Their names stand beside it, so that showing an endpoint opens nothing.
-- failing_since is when the first of the failures was after which nothing has succeeded. It is written
-- at the first failure and at the first success after one, not with every attempt.
ALTER TABLE webhook_endpoints
    ADD COLUMN headers       bytea,
    ADD COLUMN header_names  text[] NOT NULL DEFAULT '{}',
    ADD COLUMN rate_limit    integer CHECK (rate_limit BETWEEN 1 AND 1000),
    ADD COLUMN failing_since timestamptz,
    ADD CONSTRAINT webhook_endpoints_headers_have_names CHECK ((headers IS NULL) = (cardinality(header_names) = 0));

-- resent marks a delivery that was put among the parked ones to be sent again.
ALTER TABLE webhook_deliveries ADD COLUMN resent boolean NOT NULL DEFAULT false;

-- Where an attempt's time went, in milliseconds; null for a part that there was none of (a connection
-- used again has no DNS, connect and TLS). The signatures are kept because those of an expired secret
-- could not be made again.
ALTER TABLE webhook_attempts
    ADD COLUMN dns_ms           integer,
    ADD COLUMN connect_ms       integer,
    ADD COLUMN tls_ms           integer,
    ADD COLUMN first_byte_ms    integer,
    ADD COLUMN signature        text,
    ADD COLUMN body_signature   text,
    ADD COLUMN response_headers text;

-- Work over many deliveries: resending those that match a filter, or sending an endpoint the events
-- that it has missed. position is the id up to which the work is done.
CREATE TABLE webhook_tasks (
    id            text COLLATE "C" PRIMARY KEY,
    merchant_id   uuid        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('retry', 'replay')),
    status        text        NOT NULL CHECK (status IN ('running', 'done')),
    endpoint_id   text COLLATE "C",
    payment_id    text COLLATE "C",
    event_type    text,
    delivery_status text      CHECK (delivery_status IN ('retrying', 'delivered', 'exhausted')),
    created_from  timestamptz,
    created_until timestamptz NOT NULL,
    position      text COLLATE "C" NOT NULL DEFAULT '',
    total         integer,
    enqueued      integer     NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT webhook_tasks_replay_has_endpoint CHECK (kind <> 'replay' OR endpoint_id IS NOT NULL)
);

-- +goose Down
DROP TABLE webhook_tasks;
ALTER TABLE webhook_attempts
    DROP COLUMN dns_ms, DROP COLUMN connect_ms, DROP COLUMN tls_ms, DROP COLUMN first_byte_ms,
    DROP COLUMN signature, DROP COLUMN body_signature, DROP COLUMN response_headers;
ALTER TABLE webhook_deliveries DROP COLUMN resent;
ALTER TABLE webhook_endpoints
    DROP COLUMN headers, DROP COLUMN header_names, DROP COLUMN rate_limit, DROP COLUMN failing_since;
