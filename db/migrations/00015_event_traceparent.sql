-- +goose Up
-- The span in which an event came about (W3C Trace Context), which its deliveries go on with, whenever and by whom they are
-- made. NULL where nothing is traced.
SET LOCAL lock_timeout = '5s';

ALTER TABLE events ADD COLUMN traceparent text;

-- +goose Down
ALTER TABLE events DROP COLUMN traceparent;
