-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Events, deliveries and attempts are removed after their retention. What happened before forgotten_before
-- may be gone, so whoever looks for what must be there begins at that time. One row, written before
-- anything is removed.
CREATE TABLE webhook_history (
    single           boolean PRIMARY KEY DEFAULT true CHECK (single),
    forgotten_before timestamptz NOT NULL
);

-- Remembered answers that hold a secret are sealed from now on. Those that are not are forgotten: a
-- repetition of such a request within its thirty days makes one more endpoint, or secret.
DELETE FROM idempotency_keys
WHERE route IN ('POST /api/v1/webhook_endpoints', 'POST /api/v1/webhook_endpoints/:id/rotate_secret');

-- +goose Down
DROP TABLE webhook_history;
