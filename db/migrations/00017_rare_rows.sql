-- +goose NO TRANSACTION
-- +goose Up
-- What a merchant has little of is found without looking through all that there is (docs/decisions/0032). Each index holds
-- rare rows alone. On a payment's usual way one column of theirs changes, once: the amount captured. So the update that
-- settles a payment is not HOT, and all others stay so.
--
-- Indexes are made while others write. What a run that was cut short has left of one is not valid, and is made again.
SET lock_timeout = '5s';

-- What a payment is that has not succeeded, told from columns of which none changes when it is begun: so says a constraint
-- for each state, that of canceled ones being the next statement's. Pending and processing are one here, and a payment that
-- was paid while it was being canceled has canceled, so the state is to be compared, too.
CREATE OR REPLACE FUNCTION payment_apart(failure_code text, next_action_url text, expires_at timestamptz, operation text, amount_captured bigint)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN failure_code IS NOT NULL THEN 'failed' WHEN next_action_url IS NOT NULL THEN 'requires_action'
        WHEN expires_at IS NOT NULL THEN 'authorized' WHEN operation = 'cancel' THEN 'canceled' WHEN amount_captured = 0 THEN 'unsettled' END $$;
ALTER TABLE payments DROP CONSTRAINT IF EXISTS payments_canceled_was_decided;
ALTER TABLE payments ADD CONSTRAINT payments_canceled_was_decided CHECK (status <> 'canceled' OR operation IS NOT DISTINCT FROM 'cancel') NOT VALID;
ALTER TABLE payments VALIDATE CONSTRAINT payments_canceled_was_decided;

-- The state of a delivery that has left the usual way, and empty on it. A trigger keeps it, for the sake of older processes
-- that run on this schema; it is not even called for a delivery that succeeds at once.
ALTER TABLE webhook_deliveries ADD COLUMN IF NOT EXISTS apart text;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION delivery_is_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.apart := CASE WHEN NEW.status IN ('retrying', 'exhausted', 'paused') THEN NEW.status END;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER delivery_begins_apart BEFORE INSERT ON webhook_deliveries
    FOR EACH ROW WHEN (NEW.status NOT IN ('pending', 'delivered')) EXECUTE FUNCTION delivery_is_apart();
CREATE OR REPLACE TRIGGER delivery_is_apart BEFORE UPDATE ON webhook_deliveries
    FOR EACH ROW WHEN (NEW.status NOT IN ('pending', 'delivered') OR OLD.apart IS NOT NULL) EXECUTE FUNCTION delivery_is_apart();
UPDATE webhook_deliveries SET apart = status WHERE status IN ('retrying', 'exhausted', 'paused');
ALTER TABLE webhook_deliveries DROP CONSTRAINT IF EXISTS webhook_deliveries_apart_is_status;
ALTER TABLE webhook_deliveries ADD CONSTRAINT webhook_deliveries_apart_is_status
    CHECK (apart IS NOT DISTINCT FROM CASE WHEN status IN ('retrying', 'exhausted', 'paused') THEN status END) NOT VALID;
ALTER TABLE webhook_deliveries VALIDATE CONSTRAINT webhook_deliveries_apart_is_status;

-- Making an index waits for every transaction that has begun.
SET lock_timeout = '10min';
DROP INDEX CONCURRENTLY IF EXISTS payments_apart;
CREATE INDEX CONCURRENTLY payments_apart
    ON payments (merchant_id, payment_apart(failure_code, next_action_url, expires_at, operation, amount_captured), created_at, id)
    WHERE payment_apart(failure_code, next_action_url, expires_at, operation, amount_captured) IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS refunds_unprocessed;
CREATE INDEX CONCURRENTLY refunds_unprocessed ON refunds (merchant_id, status, created_at, id) WHERE status <> 'processed';
DROP INDEX CONCURRENTLY IF EXISTS events_rare;
CREATE INDEX CONCURRENTLY events_rare ON events (merchant_id, type, created_at, id) WHERE type NOT IN ('payment.created', 'payment.success');
DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_apart;
CREATE INDEX CONCURRENTLY webhook_deliveries_apart ON webhook_deliveries (merchant_id, apart, created_at, id) WHERE apart IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_rare;
CREATE INDEX CONCURRENTLY webhook_deliveries_rare ON webhook_deliveries (merchant_id, event_type, created_at, id)
    WHERE event_type NOT IN ('payment.created', 'payment.success');
DROP INDEX CONCURRENTLY IF EXISTS ledger_transfers_rare;
CREATE INDEX CONCURRENTLY ledger_transfers_rare ON ledger_transfers (merchant_id, kind, created_at, id) WHERE kind NOT IN ('capture', 'fee');
RESET lock_timeout;

-- +goose Down
DROP INDEX ledger_transfers_rare, webhook_deliveries_rare, webhook_deliveries_apart, events_rare, refunds_unprocessed, payments_apart;
DROP TRIGGER delivery_begins_apart ON webhook_deliveries;
DROP TRIGGER delivery_is_apart ON webhook_deliveries;
DROP FUNCTION delivery_is_apart;
ALTER TABLE webhook_deliveries DROP COLUMN apart;
ALTER TABLE payments DROP CONSTRAINT payments_canceled_was_decided;
DROP FUNCTION payment_apart;
