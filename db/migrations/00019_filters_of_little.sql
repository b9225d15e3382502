-- +goose NO TRANSACTION
-- +goose Up
-- A filter that hardly anything passes is answered by an index, whichever filter of a list it is (docs/decisions/0034). A
-- method, a currency and an event type never change. The state of a delivery does, once on its usual way, and that update is
-- not HOT any more; the column that repeated what is rare of it has no purpose then.
--
-- Indexes are made while others write, and making one waits for every transaction that has begun. What a run that was cut
-- short has left of one is not valid, and is made again.
SET lock_timeout = '10min';
DROP INDEX CONCURRENTLY IF EXISTS payments_merchant_method;
CREATE INDEX CONCURRENTLY payments_merchant_method ON payments (merchant_id, method, created_at, id) WHERE method IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS ledger_transfers_merchant_currency;
CREATE INDEX CONCURRENTLY ledger_transfers_merchant_currency ON ledger_transfers (merchant_id, currency, created_at, id);
DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_merchant_type;
CREATE INDEX CONCURRENTLY webhook_deliveries_merchant_type ON webhook_deliveries (merchant_id, event_type, created_at, id);
DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_rare;
DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_merchant_status;
CREATE INDEX CONCURRENTLY webhook_deliveries_merchant_status ON webhook_deliveries (merchant_id, status, created_at, id);
DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_apart;
SET lock_timeout = '5s';
DROP TRIGGER IF EXISTS delivery_begins_apart ON webhook_deliveries;
DROP TRIGGER IF EXISTS delivery_is_apart ON webhook_deliveries;
DROP FUNCTION IF EXISTS delivery_is_apart;
ALTER TABLE webhook_deliveries DROP COLUMN IF EXISTS apart;
RESET lock_timeout;

-- +goose Down
ALTER TABLE webhook_deliveries ADD COLUMN apart text;
UPDATE webhook_deliveries SET apart = status WHERE status IN ('retrying', 'exhausted', 'paused');
ALTER TABLE webhook_deliveries ADD CONSTRAINT webhook_deliveries_apart_is_status
    CHECK (apart IS NOT DISTINCT FROM CASE WHEN status IN ('retrying', 'exhausted', 'paused') THEN status END);
-- +goose StatementBegin
CREATE FUNCTION delivery_is_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.apart := CASE WHEN NEW.status IN ('retrying', 'exhausted', 'paused') THEN NEW.status END;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER delivery_begins_apart BEFORE INSERT ON webhook_deliveries
    FOR EACH ROW WHEN (NEW.status NOT IN ('pending', 'delivered')) EXECUTE FUNCTION delivery_is_apart();
CREATE TRIGGER delivery_is_apart BEFORE UPDATE ON webhook_deliveries
    FOR EACH ROW WHEN (NEW.status NOT IN ('pending', 'delivered') OR OLD.apart IS NOT NULL) EXECUTE FUNCTION delivery_is_apart();
CREATE INDEX webhook_deliveries_apart ON webhook_deliveries (merchant_id, apart, created_at, id) WHERE apart IS NOT NULL;
CREATE INDEX webhook_deliveries_rare ON webhook_deliveries (merchant_id, event_type, created_at, id)
    WHERE event_type NOT IN ('payment.created', 'payment.success');
DROP INDEX webhook_deliveries_merchant_status, webhook_deliveries_merchant_type, ledger_transfers_merchant_currency, payments_merchant_method;
