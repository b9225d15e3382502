-- +goose Up
SET LOCAL lock_timeout = '5s';

-- A delivery that cannot be attempted because its endpoint is busy, slow or failing is parked: it has
-- no job, and whoever frees a place at that endpoint claims it. claimed_until is the lease of that
-- claim; a claim that was not kept runs out by itself. Paused ones (endpoint disabled) are parked too.
ALTER TABLE webhook_deliveries
    ADD COLUMN claimed_until timestamptz,
    DROP CONSTRAINT webhook_deliveries_parked_is_paused,
    ADD CONSTRAINT webhook_deliveries_paused_is_parked CHECK (status <> 'paused' OR parked),
    ADD CONSTRAINT webhook_deliveries_parked_is_waiting CHECK (NOT parked OR status IN ('pending', 'retrying', 'paused'));
DROP INDEX webhook_deliveries_parked;
CREATE INDEX webhook_deliveries_parked ON webhook_deliveries (endpoint_id, id) WHERE parked;

-- +goose Down
DROP INDEX webhook_deliveries_parked;
CREATE INDEX webhook_deliveries_parked ON webhook_deliveries (endpoint_id) WHERE parked;
ALTER TABLE webhook_deliveries
    DROP CONSTRAINT webhook_deliveries_paused_is_parked,
    DROP CONSTRAINT webhook_deliveries_parked_is_waiting,
    DROP COLUMN claimed_until,
    ADD CONSTRAINT webhook_deliveries_parked_is_paused CHECK (parked = (status = 'paused'));
