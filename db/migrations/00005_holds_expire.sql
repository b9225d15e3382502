-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Until when a payment may wait: for its capture when authorized, for the customer when it requires
-- an action. A column of its own, set when the wait begins, for two reasons: a bound that is changed
-- later does not move the ends of waits that merchants were told of; and its index leaves all
-- payments that never wait alone, so that their updates stay HOT (an index over the status would not).
ALTER TABLE payments ADD COLUMN expires_at timestamptz;
UPDATE payments SET expires_at = updated_at + interval '7 days' WHERE status IN ('authorized', 'requires_action');
ALTER TABLE payments
    ADD CONSTRAINT payments_wait_has_end CHECK ((expires_at IS NOT NULL) = (status IN ('authorized', 'requires_action'))),
    -- A decision is about a payment that waits; one that the acquirer is being asked for has none yet.
    ADD CONSTRAINT payments_decided_after_answer CHECK (operation IS NULL OR status NOT IN ('pending', 'processing'));
CREATE INDEX payments_expiring ON payments (expires_at) WHERE expires_at IS NOT NULL;

-- +goose Down
ALTER TABLE payments DROP CONSTRAINT payments_decided_after_answer, DROP COLUMN expires_at;
