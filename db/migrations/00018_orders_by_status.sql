-- +goose NO TRANSACTION
-- +goose Up
-- Orders of one state, found without looking through all others (docs/decisions/0032). Neither of an order's two updates is
-- HOT any more. Of all states: were those that are paid left out, Postgres would take the little that remains for
-- a way to find any order that is not paid, and read all of it.
--
-- Making it waits for every transaction that has begun. What a run that was cut short has left is not valid, and is made again.
SET lock_timeout = '10min';
DROP INDEX CONCURRENTLY IF EXISTS orders_merchant_status;
CREATE INDEX CONCURRENTLY orders_merchant_status ON orders (merchant_id, status, created_at, id);
RESET lock_timeout;

-- +goose Down
DROP INDEX orders_merchant_status;
