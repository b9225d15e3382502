-- +goose Up
-- The tables of the house. Conventions:
--   * ids are text in the C collation: a prefix and a time-sortable part, compared as bytes;
--   * states are text with a CHECK, because adding a state to an enum is not transaction-safe;
--   * every row carries merchant_id, so that it can be found, and later moved, with its tenant;
--   * hot tables have no foreign key to merchants, endpoints or events: each insert would lock the
--     one parent row in share mode, parents are never deleted singly, and history is dropped by age.
SET LOCAL lock_timeout = '5s';

CREATE TABLE merchants (
    id         uuid PRIMARY KEY,
    name       text        NOT NULL CHECK (name <> ''),
    email      text        NOT NULL CHECK (email <> ''),
    created_at timestamptz NOT NULL
);

-- The id is the publishable half of the pair. The secret half is high-entropy, so a plain
-- SHA-256 is enough to store it (a slow hash protects guessable passwords, not these).
CREATE TABLE api_keys (
    id           text COLLATE "C" PRIMARY KEY,
    merchant_id  uuid        NOT NULL REFERENCES merchants (id),
    name         text        NOT NULL DEFAULT '',
    secret_hash  bytea       NOT NULL CHECK (length(secret_hash) = 32),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    CONSTRAINT api_keys_secret_hash UNIQUE (secret_hash)
);
CREATE INDEX api_keys_merchant ON api_keys (merchant_id, created_at);

CREATE TABLE orders (
    id          text COLLATE "C" PRIMARY KEY,
    merchant_id uuid        NOT NULL,
    amount      bigint      NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
    currency    text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status      text        NOT NULL CHECK (status IN ('created', 'attempted', 'paid')),
    receipt     text,
    reusable    boolean     NOT NULL DEFAULT false,
    metadata    jsonb       NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX orders_merchant_created ON orders (merchant_id, created_at, id);

-- order_slot is the order's id while this payment is live or successful and the order takes
-- only one such payment. Its unique index is what makes a second one impossible; a column of its
-- own rather than a predicate over status, so that a change of status stays a HOT update.
-- operation is what the merchant decided for a held payment: one decision, stored before the acquirer
-- hears of it.
CREATE TABLE payments (
    id              text COLLATE "C" PRIMARY KEY,
    merchant_id     uuid        NOT NULL,
    order_id        text COLLATE "C" REFERENCES orders (id),
    order_slot      text COLLATE "C",
    amount          bigint      NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
    currency        text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status          text        NOT NULL CHECK (status IN
                        ('pending', 'processing', 'requires_action', 'authorized', 'success', 'failed', 'canceled')),
    capture         text        NOT NULL CHECK (capture IN ('automatic', 'manual')),
    amount_captured bigint      NOT NULL DEFAULT 0,
    amount_refunded bigint      NOT NULL DEFAULT 0,
    method          text        CHECK (method IN ('card', 'upi', 'netbanking')),
    card_token      text,
    card_brand      text,
    card_last4      text        CHECK (card_last4 ~ '^[0-9]{4}$'),
    card_exp_month  smallint    CHECK (card_exp_month BETWEEN 1 AND 12),
    card_exp_year   smallint    CHECK (card_exp_year BETWEEN 2000 AND 2199),
    vpa             text,
    bank            text,
    failure_code    text,
    failure_message text,
    next_action_url text,
    operation       text        CHECK (operation IN ('capture', 'cancel')),
    operation_amount bigint     CHECK (operation_amount BETWEEN 1 AND amount),
    metadata        jsonb       NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT payments_captured_within_amount CHECK (amount_captured BETWEEN 0 AND amount),
    CONSTRAINT payments_refunds_within_captured CHECK (amount_refunded BETWEEN 0 AND amount_captured),
    CONSTRAINT payments_success_is_captured CHECK ((status = 'success') = (amount_captured > 0)),
    CONSTRAINT payments_failed_has_reason CHECK ((status = 'failed') = (failure_code IS NOT NULL)),
    CONSTRAINT payments_action_has_url CHECK ((status = 'requires_action') = (next_action_url IS NOT NULL)),
    CONSTRAINT payments_capture_has_amount CHECK ((operation_amount IS NOT NULL) = (operation IS NOT DISTINCT FROM 'capture')),
    CONSTRAINT payments_slot_is_order CHECK (order_slot = order_id),
    CONSTRAINT payments_slot_is_live CHECK (order_slot IS NULL OR status NOT IN ('failed', 'canceled')),
    CONSTRAINT payments_instrument CHECK (
        (card_token IS NOT NULL) = (method IS NOT DISTINCT FROM 'card')
        AND (vpa IS NOT NULL) = (method IS NOT DISTINCT FROM 'upi')
        AND (bank IS NOT NULL) = (method IS NOT DISTINCT FROM 'netbanking'))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX payments_one_per_order ON payments (order_slot) WHERE order_slot IS NOT NULL;
CREATE INDEX payments_order ON payments (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX payments_merchant_created ON payments (merchant_id, created_at, id);

-- payments.amount_refunded counts what is promised: refunds pending and processed. A failed one
-- gives its amount back in the statement that fails it.
CREATE TABLE refunds (
    id              text COLLATE "C" PRIMARY KEY,
    merchant_id     uuid        NOT NULL,
    payment_id      text COLLATE "C" NOT NULL REFERENCES payments (id),
    amount          bigint      NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
    currency        text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status          text        NOT NULL CHECK (status IN ('pending', 'processed', 'failed')),
    reason          text,
    failure_code    text,
    failure_message text,
    metadata        jsonb       NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT refunds_failed_has_reason CHECK ((status = 'failed') = (failure_code IS NOT NULL))
) WITH (fillfactor = 90);
CREATE INDEX refunds_payment ON refunds (payment_id);
CREATE INDEX refunds_merchant_created ON refunds (merchant_id, created_at, id);

-- body is the exact text that every subscribed endpoint receives and every signature covers.
CREATE TABLE events (
    id          text COLLATE "C" PRIMARY KEY,
    merchant_id uuid        NOT NULL,
    type        text        NOT NULL,
    payment_id  text COLLATE "C",
    order_id    text COLLATE "C",
    refund_id   text COLLATE "C",
    body        text        NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE INDEX events_merchant_created ON events (merchant_id, created_at, id);
CREATE INDEX events_payment ON events (payment_id) WHERE payment_id IS NOT NULL;

-- A deleted endpoint keeps its row, since its deliveries keep their history.
CREATE TABLE webhook_endpoints (
    id              text COLLATE "C" PRIMARY KEY,
    merchant_id     uuid        NOT NULL REFERENCES merchants (id),
    url             text        NOT NULL,
    description     text,
    event_types     text[]      NOT NULL CHECK (cardinality(event_types) > 0),
    status          text        NOT NULL CHECK (status IN ('enabled', 'disabled')),
    disabled_reason text,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    deleted_at      timestamptz,
    CONSTRAINT webhook_endpoints_disabled_has_reason CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL))
);
CREATE INDEX webhook_endpoints_merchant ON webhook_endpoints (merchant_id, created_at, id) WHERE deleted_at IS NULL;

-- Sealed with the operator's key; several live ones during a rotation, the newest signs first.
CREATE TABLE webhook_secrets (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    merchant_id uuid        NOT NULL,
    endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoints (id),
    sealed      bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz
);
CREATE INDEX webhook_secrets_endpoint ON webhook_secrets (endpoint_id, id);

-- parked repeats "status is paused" for its index: a predicate over status itself would keep every
-- change of status from being a HOT update.
-- step counts the automatic attempts made (the position in the retry schedule); attempt_count
-- counts all of them, so that a resend by hand never uses up the schedule.
CREATE TABLE webhook_deliveries (
    id              text COLLATE "C" PRIMARY KEY,
    merchant_id     uuid        NOT NULL,
    endpoint_id     text COLLATE "C" NOT NULL,
    event_id        text COLLATE "C" NOT NULL,
    event_type      text        NOT NULL,
    payment_id      text COLLATE "C",
    status          text        NOT NULL CHECK (status IN ('pending', 'retrying', 'delivered', 'exhausted', 'paused')),
    parked          boolean     NOT NULL DEFAULT false,
    step            smallint    NOT NULL DEFAULT 0 CHECK (step >= 0),
    attempt_count   integer     NOT NULL DEFAULT 0 CHECK (attempt_count >= step),
    response_code   smallint,
    next_attempt_at timestamptz,
    last_attempt_at timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT webhook_deliveries_parked_is_paused CHECK (parked = (status = 'paused')),
    CONSTRAINT webhook_deliveries_waiting_has_time
        CHECK ((next_attempt_at IS NOT NULL) = (status IN ('pending', 'retrying')))
) WITH (fillfactor = 80);
CREATE INDEX webhook_deliveries_merchant_created ON webhook_deliveries (merchant_id, created_at, id);
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint_id, created_at, id);
CREATE INDEX webhook_deliveries_parked ON webhook_deliveries (endpoint_id) WHERE parked;
CREATE INDEX webhook_deliveries_event ON webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_payment ON webhook_deliveries (payment_id) WHERE payment_id IS NOT NULL;

CREATE TABLE webhook_attempts (
    delivery_id   text COLLATE "C" NOT NULL,
    number        integer     NOT NULL CHECK (number > 0),
    merchant_id   uuid        NOT NULL,
    trigger       text        NOT NULL CHECK (trigger IN ('automatic', 'manual')),
    outcome       text        NOT NULL CHECK (outcome IN ('success', 'failure')),
    response_code smallint,
    error_class   text,
    error         text,
    response_body text,
    duration_ms   integer     NOT NULL CHECK (duration_ms >= 0),
    started_at    timestamptz NOT NULL,
    PRIMARY KEY (delivery_id, number),
    CONSTRAINT webhook_attempts_failure_has_class CHECK ((outcome = 'failure') = (error_class IS NOT NULL))
);

-- The claim of an idempotency key and the answer to remember are one row, written in the
-- transaction of the effect: either all of it exists or none.
CREATE TABLE idempotency_keys (
    merchant_id uuid        NOT NULL,
    route       text        NOT NULL,
    key         text COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea       NOT NULL CHECK (length(fingerprint) = 32),
    status      smallint    NOT NULL CHECK (status BETWEEN 200 AND 499),
    body        bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, route, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys USING brin (created_at);

-- Secrets of the gateway itself, sealed with the operator's key.
CREATE TABLE gateway_secrets (
    name       text PRIMARY KEY,
    sealed     bytea       NOT NULL,
    created_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE gateway_secrets, idempotency_keys, webhook_attempts, webhook_deliveries, webhook_secrets, webhook_endpoints,
    events, refunds, payments, orders, api_keys, merchants;
